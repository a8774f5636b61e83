// Command metal3 checks the drive of a BareMetalHost before it is provisioned, and packs it: metal3 HOST FILE…
//
// The files are YAML, as for kubectl apply: the BareMetalHost HOST and the Secrets that it refers to. The drive, as Ironic accepts it,
// is written to standard output, and what its readers would reject or misread to standard error. The exit code is 1 if the drive
// would not work.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/configdrive/configdrive/bindings/go"
	"go.yaml.in/yaml/v3"
	converter "sigs.k8s.io/yaml"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: metal3 HOST FILE...")
	}
	objects, err := readObjects(os.Args[2:])
	if err != nil {
		log.Fatal(err)
	}
	document, err := document(objects, os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	text, findings, err := pack(context.Background(), document)
	if err != nil {
		log.Fatal(err)
	}
	for _, finding := range findings {
		log.Printf("%s: %s: %s: %s", finding.Severity, finding.Code, finding.Place, finding.Message)
	}
	for _, finding := range findings {
		if finding.Severity == configdrive.SeverityError {
			log.Fatal("the drive would not work")
		}
	}
	fmt.Println(text)
}

// Returns the drive as Ironic accepts it, and what its readers would reject or misread.
func pack(ctx context.Context, document string) (string, []configdrive.Finding, error) {
	component, err := configdrive.New(ctx, configdrive.Config{})
	if err != nil {
		return "", nil, err
	}
	defer component.Close(ctx)
	findings, err := component.CheckDocument(ctx, document, configdrive.Options{})
	if err != nil {
		return "", nil, err
	}
	text, err := component.Pack(ctx, document, configdrive.Options{})
	return text, findings, err
}

// The parts of a BareMetalHost and of a Secret that a drive depends on.
type object struct {
	Kind     string
	Metadata struct{ Name, Namespace, UID string }
	Spec     struct{ UserData, MetaData, NetworkData *struct{ Name string } }
	// In base64, which encoding/json decodes.
	Data       map[string][]byte
	StringData map[string]string
}

func readObjects(paths []string) ([]object, error) {
	var objects []object
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		decoder := yaml.NewDecoder(bytes.NewReader(content))
		for {
			var node yaml.Node
			if err := decoder.Decode(&node); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			one, err := yaml.Marshal(&node)
			if err != nil {
				return nil, err
			}
			var object object
			if err := converter.Unmarshal(one, &object); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			objects = append(objects, object)
		}
	}
	return objects, nil
}

// Returns the document of a host's drive, with what the Baremetal Operator sends to Ironic.
func document(objects []object, name string) (string, error) {
	for _, host := range objects {
		if host.Kind != "BareMetalHost" || host.Metadata.Name != name {
			continue
		}
		metaData := map[string]any{}
		document := map[string]any{"meta_data": metaData}
		if reference := host.Spec.MetaData; reference != nil {
			if err := readSecret(objects, reference.Name, "metaData", &metaData); err != nil {
				return "", err
			}
			document["meta_data"] = metaData
		}
		// The operator fills these in.
		namespace := host.Metadata.Namespace
		if namespace == "" {
			namespace = "default"
		}
		for member, value := range map[string]string{
			"uuid": host.Metadata.UID, "metal3-namespace": namespace, "metal3-name": name, "local-hostname": name,
			"local_hostname": name, "name": name,
		} {
			if _, present := metaData[member]; !present && value != "" {
				metaData[member] = value
			}
		}
		if reference := host.Spec.NetworkData; reference != nil {
			var networkData map[string]any
			if err := readSecret(objects, reference.Name, "networkData", &networkData); err != nil {
				return "", err
			}
			document["network_data"] = networkData
		}
		if reference := host.Spec.UserData; reference != nil {
			userData, err := secret(objects, reference.Name, "userData")
			if err != nil {
				return "", err
			}
			document["user_data"] = string(userData)
		}
		text, err := json.Marshal(document)
		return string(text), err
	}
	return "", fmt.Errorf("the files have no BareMetalHost %s", name)
}

// Parses YAML in a Secret, which may be JSON.
func readSecret(objects []object, name, key string, into any) error {
	content, err := secret(objects, name, key)
	if err != nil {
		return err
	}
	if err := converter.Unmarshal(content, into); err != nil {
		return fmt.Errorf("the Secret %s: the value of %s is not YAML", name, key) // its text is secret
	}
	return nil
}

// Returns a value of a Secret, which has the key of its kind or the key "value".
func secret(objects []object, name, key string) ([]byte, error) {
	for _, object := range objects {
		if object.Kind != "Secret" || object.Metadata.Name != name {
			continue
		}
		for _, key := range []string{key, "value"} {
			if text, ok := object.StringData[key]; ok {
				return []byte(text), nil
			}
			if content, ok := object.Data[key]; ok {
				return content, nil
			}
		}
		return nil, fmt.Errorf("the Secret %s has no %s", name, key)
	}
	return nil, fmt.Errorf("the files have no Secret %s", name)
}
