//! The component in its sandbox.

#![cfg(test)]

// What the component is, and the limits of a call.
mod component;
// Many threads on one sandbox.
mod concurrency;
// What a drive costs the component, in work and memory.
mod cost;
// Malicious components.
mod malicious;
// The sandbox's answers, compared with the native library's.
mod native;
