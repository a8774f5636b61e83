//! The component composed with its adapters, under other engines.

#![cfg(test)]

// `configdrive` as a component, and the component's functions by name, under wasmtime's command.
mod command;
// Engines that serve, and a client that can be rude.
mod engine;
// The service over HTTP.
mod http;
// The options of the interface, as parameters of the service.
mod options;
// wasmtime's command.
mod wasmtime;
