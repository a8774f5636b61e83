//! The engine's settings.

/// Returns the settings for an engine that runs the compiled component.
pub fn config() -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    config
        // Keep in step with build/embed.rs, which compiles the component: code compiled with other settings does not load.
        // Epochs stop a call that has run out of time. There are no backtraces because errors are one line and could not
        // show them; the command is smaller without them.
        .epoch_interruption(true)
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(None)
        // Bytes of the native stack. The component's own limits on recursion are far lower.
        .max_wasm_stack(512 << 10);
    config
}
