module github.com/configdrive/configdrive/benches/peers

go 1.25.0

replace github.com/configdrive/configdrive/bindings/go => ../../bindings/go

require (
	github.com/configdrive/configdrive/bindings/go v0.0.0-00010101000000-000000000000
	github.com/gophercloud/utils v0.0.0-20231010081019-80377eca5d56
)

require (
	github.com/tetratelabs/wazero v1.12.0 // indirect
	golang.org/x/sys v0.44.0 // indirect
)
