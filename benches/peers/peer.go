// Warm peers in Go: gophercloud's PackDirectoryAsISO, followed by base64 as in its users' code, and our module. It reads lines
// "SOURCE SIZE [OUT]" from stdin. For each one, it packs SOURCE, writes the base64 text to OUT if it is given, and prints the elapsed
// nanoseconds. For gophercloud, SOURCE is a directory and SIZE is ignored, because it makes only ISO 9660. For ours, SOURCE is a
// document, and SIZE is the size of a FAT image in bytes or 0.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/configdrive/configdrive/bindings/go"
	"github.com/gophercloud/utils/openstack/baremetal/v1/nodes"
)

func main() {
	pack := gophercloud
	if os.Args[1] == "configdrive" {
		pack = ours()
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		text, elapsed, err := pack(words[0], words[1])
		if err != nil {
			panic(err)
		}
		if len(words) > 2 {
			if err := os.WriteFile(words[2], []byte(text), 0o600); err != nil {
				panic(err)
			}
		}
		fmt.Println(elapsed.Nanoseconds())
	}
}

func gophercloud(directory, _ string) (string, time.Duration, error) {
	start := time.Now()
	gzipped, err := nodes.PackDirectoryAsISO(directory)
	text := base64.StdEncoding.EncodeToString(gzipped)
	return text, time.Since(start), err
}

func ours() func(string, string) (string, time.Duration, error) {
	ctx := context.Background()
	component, err := configdrive.New(ctx, configdrive.Config{})
	if err != nil {
		panic(err)
	}
	return func(path, fatSize string) (string, time.Duration, error) {
		document, err := os.ReadFile(path)
		if err != nil {
			return "", 0, err
		}
		var options configdrive.Options
		if size, err := strconv.ParseUint(fatSize, 10, 64); err == nil && size > 0 {
			options = configdrive.Options{Format: configdrive.ImageFormatVFAT, Size: &size}
		}
		start := time.Now()
		text, err := component.Pack(ctx, string(document), options)
		return text, time.Since(start), err
	}
}
