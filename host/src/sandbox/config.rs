//! The engine's settings. The build script includes this file too: what it compiles and what runs must agree.

/// Settings that compiled code depends on, and those of the runtime.
pub fn config() -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    config
        // How a call is stopped when its time is over.
        .epoch_interruption(true)
        // Of the native stack. What recurses in the component has limits of its own, far below.
        .max_wasm_stack(512 << 10)
        // Nobody reads backtraces: they do not reach the one line of an error. Without them the command is smaller.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}
