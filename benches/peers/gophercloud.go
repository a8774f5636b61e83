// A warm peer: gophercloud's PackDirectoryAsISO, followed by base64 as in its users' code. It reads lines "DIRECTORY SIZE [OUT]" from
// stdin. For each one, it packs the directory, writes the base64 text to OUT if it is given, and prints the elapsed nanoseconds. SIZE
// is ignored: gophercloud makes only ISO 9660.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gophercloud/utils/openstack/baremetal/v1/nodes"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		start := time.Now()
		gzipped, err := nodes.PackDirectoryAsISO(words[0])
		if err != nil {
			panic(err)
		}
		text := base64.StdEncoding.EncodeToString(gzipped)
		elapsed := time.Since(start)
		if len(words) > 2 {
			if err := os.WriteFile(words[2], []byte(text), 0o600); err != nil {
				panic(err)
			}
		}
		fmt.Println(elapsed.Nanoseconds())
	}
}
