package configdrive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// Compares the drives and the errors with the command's:
//
//	CONFIGDRIVE_COMMAND=../../target/release/configdrive go test -fuzz Pack -fuzzminimizetime 10x
func FuzzPack(f *testing.F) {
	command := newCommand(f)
	documents, _ := filepath.Glob(goldenCases + "/[a-e]*/document.json")
	for _, path := range documents {
		document, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(document), "novalocal", false)
	}
	f.Add(small, "", true)
	f.Fuzz(func(t *testing.T, document, domain string, vfat bool) {
		if document == "" {
			t.Skip() // the command has an error of its own for empty input
		}
		if !utf8.ValidString(document) || !utf8.ValidString(domain) || strings.ContainsRune(domain, 0) || len(domain) > 1000 {
			t.Skip() // these do not reach the component, or cannot be arguments of a command
		}
		options := Options{DHCPDomain: &domain, RandomSeed: Some(seed)}
		if vfat {
			options.Format = ImageFormatVFAT
		}
		text, err := component(t).Pack(t.Context(), document, options)
		if answer := command.run(t, document, err, command.arguments("pack", options)...); string(answer) != text {
			t.Errorf("expected the command's drive")
		}
	})
}
