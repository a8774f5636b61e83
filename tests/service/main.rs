//! The component composed with its adapters, under other engines.

#![cfg(test)]

// `configdrive` as a component, and the component's functions by name, under wasmtime's command.
mod command;
// Engines that serve, and an HTTP client that can send bad requests.
mod engine;
// The service over HTTP.
mod http;
// The options of the interface, as parameters of the service.
mod options;
// wasmtime's command.
mod wasmtime;
