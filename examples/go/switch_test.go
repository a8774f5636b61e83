// Package examples tests that users of gophercloud's ConfigDrive can switch to ours.
package examples

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/configdrive/configdrive/bindings/go"
	ours "github.com/configdrive/configdrive/bindings/go/nodes"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/v1/nodes"
	theirs "github.com/gophercloud/utils/openstack/baremetal/v1/nodes"
)

var (
	metaData    = map[string]any{"uuid": "1", "name": "web-01", "characters": "<&>", "number": 1.5}
	networkData = map[string]any{"links": []any{map[string]any{"id": "eno1"}}}
	// What took their builder takes ours.
	_ theirs.ConfigDriveBuilder = ours.ConfigDrive{}
)

func TestOurBuilderMakesTheFilesOfGophercloud(t *testing.T) {
	for name, pair := range map[string][2]builder{
		"all": {
			ours.ConfigDrive{UserData: ours.UserDataString("#cloud-config\n"), MetaData: metaData, NetworkData: networkData},
			theirs.ConfigDrive{UserData: theirs.UserDataString("#cloud-config\n"), MetaData: metaData, NetworkData: networkData},
		},
		"a map": {
			ours.ConfigDrive{UserData: ours.UserDataMap{"ignition": map[string]any{"version": "3.4.0"}}},
			theirs.ConfigDrive{UserData: theirs.UserDataMap{"ignition": map[string]any{"version": "3.4.0"}}},
		},
		"a version": {
			ours.ConfigDrive{MetaData: metaData, Version: "2018-08-27", BuildDirectory: t.TempDir()},
			theirs.ConfigDrive{MetaData: metaData, Version: "2018-08-27", BuildDirectory: t.TempDir()},
		},
	} {
		expected := files(t, pair[1])
		if len(expected) == 0 {
			t.Errorf("%s: gophercloud wrote nothing", name)
		}
		for _, found := range []map[string]string{files(t, pair[0]), drive(t, pair[0])} {
			if len(found) != len(expected) {
				t.Errorf("%s: expected %v, found %v", name, expected, found)
			}
			for path, content := range expected {
				if found[path] != content {
					t.Errorf("%s: %s: expected %q, found %q", name, path, content, found[path])
				}
			}
		}
	}
}

// Gophercloud's request contains the text as it is.
func TestGophercloudTakesTheTextAsItIs(t *testing.T) {
	text, err := ours.ConfigDrive{MetaData: metaData}.ToConfigDrive()
	if err != nil {
		t.Fatal(err)
	}
	body, err := nodes.ProvisionStateOpts{Target: nodes.TargetActive, ConfigDrive: text}.ToProvisionStateMap()
	if err != nil || body["configdrive"] != text {
		t.Errorf("found %v: %v", body, err)
	}
}

type builder interface {
	ToConfigDrive() (string, error)
	ToDirectory() (string, error)
}

func files(t *testing.T, from builder) map[string]string {
	t.Helper()
	directory, err := from.ToDirectory()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(directory)
	files := map[string]string{}
	err = filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(directory, path)
		files[filepath.ToSlash(name)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func drive(t *testing.T, from builder) map[string]string {
	t.Helper()
	text, err := from.ToConfigDrive()
	if err != nil {
		t.Fatal(err)
	}
	component, err := configdrive.New(context.Background(), configdrive.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer component.Close(context.Background())
	extracted, err := component.Extract(context.Background(), configdrive.DriveSourceText(text))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, file := range extracted {
		for _, path := range file.Paths {
			files[path] = string(file.Content)
		}
	}
	return files
}
