package configdrive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const goldenCases = "../../tests/golden"

// The golden cases with all functions. The command makes the same drives, answers and errors.
func TestGoldenCases(t *testing.T) {
	command := newCommand(t)
	documents, err := filepath.Glob(goldenCases + "/*/document.json")
	if err != nil || len(documents) < 200 {
		t.Fatalf("expected the golden cases, found %d: %v", len(documents), err)
	}
	for _, document := range documents {
		directory := filepath.Dir(document)
		t.Run(filepath.Base(directory), func(t *testing.T) {
			t.Parallel()
			golden(t, command, directory)
		})
	}
}

func golden(t *testing.T, command command, directory string) {
	document := string(read(t, filepath.Join(directory, "document.json")))
	var golden struct {
		Options struct {
			ForceConfigDrive        bool     `json:"force_config_drive"`
			DHCPDomain              *string  `json:"dhcp_domain"`
			ConfigDriveSkipVersions *string  `json:"config_drive_skip_versions"`
			VendordataProviders     []string `json:"vendordata_providers"`
		}
	}
	decode(t, read(t, filepath.Join(directory, "case.json")), &golden)
	policy := Policy{ForceConfigDrive: golden.Options.ForceConfigDrive}
	options := Options{
		DHCPDomain: golden.Options.DHCPDomain, SkipVersions: golden.Options.ConfigDriveSkipVersions, RandomSeed: Some(seed),
	}
	if golden.Options.VendordataProviders != nil {
		options.VendordataProviders = []VendordataProvider{}
	}
	for _, name := range golden.Options.VendordataProviders {
		provider := VendordataProviderStaticJSON
		if name == "DynamicJSON" {
			provider = VendordataProviderDynamicJSON
		}
		options.VendordataProviders = append(options.VendordataProviders, provider)
	}

	required, err := component(t).RequiredBy(t.Context(), document, policy)
	arguments := []string{"required-by"}
	if policy.ForceConfigDrive {
		arguments = append(arguments, "--force-config-drive")
	}
	if answer := command.run(t, document, err, arguments...); err == nil && (string(answer) == "true\n") != required {
		t.Errorf("required-by: expected %s, found %t", answer, required)
	}

	text, err := component(t).Pack(t.Context(), document, options)
	if answer := command.run(t, document, err, command.arguments("pack", options)...); string(answer) != text {
		t.Errorf("pack: expected the command's drive")
	}
	image, buildError := component(t).BuildDrive(t.Context(), document, options)
	findings, checkError := component(t).CheckDocument(t.Context(), document, options)
	if err != nil {
		for _, other := range []error{buildError, checkError} {
			if !reflect.DeepEqual(err, other) {
				t.Errorf("expected the error of pack, found %v", other)
			}
		}
		return
	}
	// Some findings are about what only the document says.
	findings = slices.DeleteFunc(findings, func(finding Finding) bool { return strings.HasPrefix(finding.Place, "#") })
	compareDrive(t, command, text, image, findings)
}

// What reads drives.
func compareDrive(t *testing.T, command command, text string, image []byte, findings []Finding) {
	ctx := t.Context()
	if encoded, err := component(t).Encode(ctx, image); err != nil || encoded != text {
		t.Errorf("expected encode to make the text of pack: %v", err)
	}
	var listed []struct{ Severity, Code, Scope, Place, Message, Remedy string }
	decode(t, command.run(t, text, nil, "check", "--all", "--json", "-"), &listed)
	fromDrive, err := component(t).CheckDrive(ctx, DriveSourceText(text))
	if err != nil || !reflect.DeepEqual(fromDrive, findings) || len(listed) != len(findings) {
		t.Errorf("expected equal findings, found %v and %v and %v: %v", listed, findings, fromDrive, err)
	}
	for index, finding := range fromDrive {
		expected := listed[index]
		if finding.Severity.String() != expected.Severity || finding.Code != expected.Code ||
			finding.Scope.String() != expected.Scope || finding.Place != expected.Place ||
			finding.Message != expected.Message || finding.Remedy != expected.Remedy {
			t.Errorf("expected %v, found %v", expected, finding)
		}
	}

	var inspected struct {
		FileSystem string `json:"file_system"`
		Label      string
		SectorSize uint32 `json:"sector_size"`
		ImageSize  uint64 `json:"image_size"`
		Files      []DriveFile
	}
	decode(t, command.run(t, text, nil, "inspect", "--json", "-"), &inspected)
	inspection, err := component(t).Inspect(ctx, DriveSourceBytes(image))
	// The command leaves out which names an ISO 9660 image has.
	if err != nil || !strings.HasPrefix(inspection.FileSystem.String(), inspected.FileSystem) || inspection.Label != inspected.Label ||
		inspection.SectorSize != inspected.SectorSize || inspection.ImageSize != uint64(len(image)) ||
		inspection.ImageSize != inspected.ImageSize || !reflect.DeepEqual(inspection.Files, inspected.Files) {
		t.Errorf("expected %v, found %v: %v", inspected, inspection, err)
	}

	extracted, err := component(t).Extract(ctx, DriveSourceText(text))
	if err != nil {
		t.Fatal(err)
	}
	digests := map[string]string{}
	for _, file := range extracted {
		digest := sha256.Sum256(file.Content)
		for _, path := range file.Paths {
			digests[path] = hex.EncodeToString(digest[:])
		}
		content, err := component(t).ReadFile(ctx, DriveSourceBytes(image), file.Paths[0])
		if err != nil || !bytes.Equal(content, file.Content) {
			t.Errorf("%s: expected equal contents: %v", file.Paths[0], err)
		}
	}
	for _, file := range inspection.Files {
		if digests[file.Path] != file.SHA256 {
			t.Errorf("%s: expected the digest %s, found %s", file.Path, file.SHA256, digests[file.Path])
		}
	}
	if len(digests) != len(inspection.Files) {
		t.Errorf("expected %d files, found %d", len(inspection.Files), len(digests))
	}
}

var seed = base64.StdEncoding.EncodeToString([]byte("seed"))

// The command configdrive, with a file that has the seed.
type command struct{ program, seed string }

func newCommand(t testing.TB) command {
	program := os.Getenv("CONFIGDRIVE_COMMAND")
	if program == "" {
		t.Skip("CONFIGDRIVE_COMMAND, the path of the command configdrive, is not set")
	}
	file := filepath.Join(t.TempDir(), "seed")
	if err := os.WriteFile(file, []byte("seed"), 0o600); err != nil {
		t.Fatal(err)
	}
	return command{program, file}
}

// Returns the arguments for these options.
func (c command) arguments(verb string, options Options) []string {
	arguments := []string{verb, "--random-seed", c.seed, "--format", options.Format.String()}
	if options.DHCPDomain != nil {
		arguments = append(arguments, "--dhcp-domain="+*options.DHCPDomain)
	}
	if options.SkipVersions != nil {
		arguments = append(arguments, "--skip-versions="+*options.SkipVersions)
	}
	if options.VendordataProviders != nil {
		var names []string
		for _, provider := range options.VendordataProviders {
			names = append(names, map[VendordataProvider]string{
				VendordataProviderStaticJSON: "StaticJSON", VendordataProviderDynamicJSON: "DynamicJSON",
			}[provider])
		}
		arguments = append(arguments, "--vendordata-providers="+strings.Join(names, ","))
	}
	return arguments
}

// Runs the command, and returns its output. It must fail if and only if the call did, with the same message.
func (c command) run(t testing.TB, input string, called error, arguments ...string) []byte {
	t.Helper()
	process := exec.CommandContext(context.Background(), c.program, arguments...)
	process.Stdin = strings.NewReader(input)
	var stderr bytes.Buffer
	process.Stderr = &stderr
	output, err := process.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 9 {
		err = nil // check found errors
	}
	var refused *Error
	switch {
	case err == nil && called == nil:
	case err == nil || called == nil || !errors.As(called, &refused):
		t.Errorf("%v: expected %v, found %v: %s", arguments, err, called, &stderr)
	case !strings.Contains(stderr.String(), cause(refused)):
		t.Errorf("%v: expected %s, found %q", arguments, &stderr, refused.Message)
	}
	return output
}

// Returns a message without the name of an option, for which the command has its own.
func cause(refused *Error) string {
	if _, cause, ok := strings.Cut(refused.Message, ": "); ok && refused.Code == ErrorCodeInvalidOption {
		return cause
	}
	return refused.Message
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func decode(t testing.TB, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}
