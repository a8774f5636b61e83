module github.com/configdrive/configdrive/examples/go

go 1.25.0

replace github.com/configdrive/configdrive/bindings/go => ../../bindings/go

require (
	github.com/configdrive/configdrive/bindings/go v0.0.0-00010101000000-000000000000
	github.com/gophercloud/gophercloud/v2 v2.16.0
	github.com/gophercloud/utils v0.0.0-20231010081019-80377eca5d56
	go.yaml.in/yaml/v3 v3.0.6
	sigs.k8s.io/yaml v1.6.0
)

require (
	github.com/tetratelabs/wazero v1.12.0 // indirect
	go.yaml.in/yaml/v2 v2.4.2 // indirect
	golang.org/x/sys v0.47.0 // indirect
	gopkg.in/yaml.v2 v2.4.0 // indirect
)
