//! Provides the component for embedding, as WebAssembly and as machine code. Does nothing without the feature `sandbox`.

#[cfg(feature = "sandbox")]
mod embed;
#[cfg(feature = "sandbox")]
mod guest;

#[cfg(feature = "sandbox")]
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() {
    println!("cargo::rerun-if-changed=build");
    #[cfg(feature = "sandbox")]
    if let Err(error) = embed::embed() {
        println!("cargo::error={error}");
    }
}
