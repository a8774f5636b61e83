//! The engine's settings.

/// Returns settings for an engine that runs the compiled component.
pub fn config() -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    config
        // As in build/embed.rs, which compiles the component. Code that was compiled with other settings does not load.
        // Epochs stop a call whose time is over. Backtraces do not reach the one line of an error: without them the command
        // is smaller.
        .epoch_interruption(true)
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(None)
        // Of the native stack. What recurses in the component has limits of its own, far below.
        .max_wasm_stack(512 << 10);
    config
}
