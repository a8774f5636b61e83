package configdrive_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync"

	"github.com/configdrive/configdrive/bindings/go"
)

const document = `{
	"instance": {"uuid": "1", "hostname": "web-01", "config_drive": true, "ec2_ids": {"instance_id": "i-0000002a"}},
	"network_data": {}
}`

var load = sync.OnceValue(func() *configdrive.Component {
	component, err := configdrive.New(context.Background(), configdrive.Config{})
	if err != nil {
		log.Fatal(err)
	}
	return component
})

func Example() {
	ctx := context.Background()
	component, err := configdrive.New(ctx, configdrive.Config{}) // one per process
	if err != nil {
		log.Fatal(err)
	}
	defer component.Close(ctx)
	required, err := component.RequiredBy(ctx, document, configdrive.Policy{})
	if err != nil {
		log.Fatal(err)
	}
	if required {
		text, err := component.Pack(ctx, document, configdrive.Options{})
		if err != nil {
			log.Fatal(err)
		}
		// gophercloud: nodes.ProvisionStateOpts{Target: nodes.TargetActive, ConfigDrive: text}
		fmt.Println(text[:4])
	}
	// Output: H4sI
}

func ExampleComponent_CheckDocument() {
	ctx := context.Background()
	component := load()

	findings, err := component.CheckDocument(ctx, document, configdrive.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, finding := range findings {
		if finding.Scope == configdrive.ScopeFourKDisks {
			fmt.Println(finding.Severity, finding.Code)
		}
	}
	// Output: warning not-for-4kn-disks
}

func ExampleComponent_Inspect() {
	ctx := context.Background()
	component := load()

	text, err := component.Pack(ctx, document, configdrive.Options{Format: configdrive.ImageFormatVFAT})
	if err != nil {
		log.Fatal(err)
	}
	inspection, err := component.Inspect(ctx, configdrive.DriveSourceText(text))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inspection.Label, inspection.FileSystem, inspection.Files[0].Path)
	// Output: config-2 fat12 ec2/2009-04-04/meta-data.json
}

func ExampleError() {
	ctx := context.Background()
	component := load()

	_, err := component.Pack(ctx, `{"instance": {"uuid": 1}, "network_data": {}}`, configdrive.Options{})
	var refused *configdrive.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, *refused.Pointer)
		fmt.Println(refused)
	}
	// Output:
	// invalid-document /instance/uuid
	// /instance/uuid: expected a string, found a number
}
