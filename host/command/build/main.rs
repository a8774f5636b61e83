//! Provides the adapters, composed with the component, for embedding.

#[cfg(feature = "adapters")]
mod adapters;

fn main() {
    println!("cargo::rerun-if-changed=build");
    #[cfg(feature = "adapters")]
    if let Err(error) = adapters::embed() {
        println!("cargo::error={error}");
    }
}
