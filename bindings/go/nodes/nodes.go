// Package nodes has the ConfigDrive of gophercloud's github.com/gophercloud/utils/openstack/baremetal/v1/nodes, with the same fields and
// methods: to switch, change the import. The drives have the same files; they are made in the process, without mkisofs.
//
// New programs should call [configdrive.Component] instead, which takes a context and checks drives.
package nodes

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"

	"github.com/configdrive/configdrive/bindings/go"
)

// A ConfigDrive is the content of a drive.
type ConfigDrive struct {
	UserData    UserDataBuilder        `json:"user_data"`
	MetaData    map[string]interface{} `json:"meta_data"`
	NetworkData map[string]interface{} `json:"network_data"`
	// Version of the files' directory. Empty: latest.
	Version string `json:"-"`
	// Parent of the directories that ToDirectory makes. Empty: the system's directory for temporary files.
	BuildDirectory string `json:"-"`
}

// UserDataBuilder is user data: a [UserDataMap] or a [UserDataString].
type UserDataBuilder interface {
	ToUserData() ([]byte, error)
}

// UserDataMap is user data that is written as JSON.
type UserDataMap map[string]interface{}

// UserDataString is user data as it is.
type UserDataString string

// ToUserData returns indented JSON.
func (data UserDataMap) ToUserData() ([]byte, error) { return json.MarshalIndent(data, "", "\t") }

// ToUserData returns the string.
func (data UserDataString) ToUserData() ([]byte, error) { return []byte(data), nil }

// ConfigDriveBuilder is what makes a config drive.
type ConfigDriveBuilder interface {
	ToConfigDrive() (string, error)
}

var component = sync.OnceValues(func() (*configdrive.Component, error) {
	return configdrive.New(context.Background(), configdrive.Config{})
})

// ToConfigDrive returns the drive as Ironic accepts it: base64 of a gzipped ISO 9660 image. The first call in a process also compiles
// the component.
func (configDrive ConfigDrive) ToConfigDrive() (string, error) {
	files, err := configDrive.files()
	if err != nil {
		return "", err
	}
	// encoding/json writes bytes in base64.
	type file struct {
		Path     string `json:"path"`
		Contents []byte `json:"contents"`
	}
	document := struct {
		Files []file `json:"files"`
	}{Files: []file{}}
	for name, content := range files {
		document.Files = append(document.Files, file{configDrive.directory() + "/" + name, content})
	}
	text, err := json.Marshal(document)
	if err != nil {
		return "", err
	}
	component, err := component()
	if err != nil {
		return "", err
	}
	return component.Pack(context.Background(), string(text), configdrive.Options{})
}

// ToDirectory writes the files to a new directory that only the process's user can read, and returns its path.
func (configDrive ConfigDrive) ToDirectory() (string, error) {
	files, err := configDrive.files()
	if err != nil {
		return "", err
	}
	root, err := os.MkdirTemp(configDrive.BuildDirectory, "gophercloud")
	if err != nil {
		return "", err
	}
	directory := filepath.Join(root, filepath.FromSlash(configDrive.directory()))
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return "", err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o600); err != nil {
			return "", err
		}
	}
	return root, nil
}

func (configDrive ConfigDrive) directory() string {
	if configDrive.Version == "" {
		return "openstack/latest"
	}
	return "openstack/" + configDrive.Version
}

func (configDrive ConfigDrive) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	if configDrive.UserData != nil {
		data, err := configDrive.UserData.ToUserData()
		if err != nil {
			return nil, err
		}
		files["user_data"] = data
	}
	for name, value := range map[string]map[string]interface{}{
		"meta_data.json": configDrive.MetaData, "network_data.json": configDrive.NetworkData,
	} {
		if value != nil {
			data, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			files[name] = data
		}
	}
	return files, nil
}
