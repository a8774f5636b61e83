// Command deploy deploys an instance to a node with gophercloud: deploy NODE DOCUMENT.
//
// With OS_ENDPOINT, it uses an Ironic without authentication at this URL; otherwise clouds.yaml and OS_CLOUD.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/configdrive/configdrive/bindings/go"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/noauth"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/v1/nodes"
	"github.com/gophercloud/gophercloud/v2/openstack/config"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) != 3 {
		log.Fatal("usage: deploy NODE DOCUMENT")
	}
	document, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if err := deploy(ctx, os.Args[1], string(document)); err != nil {
		log.Fatal(err)
	}
}

func deploy(ctx context.Context, node, document string) error {
	component, err := configdrive.New(ctx, configdrive.Config{})
	if err != nil {
		return err
	}
	defer component.Close(ctx)

	options := nodes.ProvisionStateOpts{Target: nodes.TargetActive}
	required, err := component.RequiredBy(ctx, document, configdrive.Policy{})
	if err != nil {
		return err
	}
	if required {
		text, err := drive(ctx, component, document)
		if err != nil {
			return err
		}
		options.ConfigDrive = text
	}

	ironic, err := connect(ctx)
	if err != nil {
		return err
	}
	if err := nodes.ChangeProvisionState(ctx, ironic, node, options).ExtractErr(); err != nil {
		return err
	}
	if err := nodes.WaitForProvisionState(ctx, ironic, node, nodes.Active); err != nil {
		return err
	}
	fmt.Println(node, "is active")
	return nil
}

// Returns the drive as Ironic accepts it, unless it would not work.
func drive(ctx context.Context, component *configdrive.Component, document string) (string, error) {
	findings, err := component.CheckDocument(ctx, document, configdrive.Options{})
	if err != nil {
		return "", err
	}
	for _, finding := range findings {
		log.Printf("%s: %s: %s", finding.Severity, finding.Code, finding.Message)
		if finding.Severity == configdrive.SeverityError {
			return "", errors.New("the drive would not work")
		}
	}
	return component.Pack(ctx, document, configdrive.Options{})
}

func connect(ctx context.Context) (client *gophercloud.ServiceClient, err error) {
	if endpoint := os.Getenv("OS_ENDPOINT"); endpoint != "" {
		client, err = noauth.NewBareMetalNoAuth(noauth.EndpointOpts{IronicEndpoint: endpoint + "/v1"})
	} else {
		client, err = connectToCloud(ctx)
	}
	if err == nil {
		client.Microversion = "1.56"
	}
	return client, err
}

func connectToCloud(ctx context.Context) (*gophercloud.ServiceClient, error) {
	login, endpoint, tls, err := clouds.Parse()
	if err != nil {
		return nil, err
	}
	provider, err := config.NewProviderClient(ctx, login, config.WithTLSConfig(tls))
	if err != nil {
		return nil, err
	}
	return openstack.NewBareMetalV1(provider, endpoint)
}
