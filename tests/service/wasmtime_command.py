"""Installs wasmtime's command from crates.io, with what the tests call of it. Standard library only."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "ironic"))
from services import run  # noqa: E402

VERSION = "48.0.8"  # of the host's major version
FEATURES = "run,serve,compile,component-model-async,pooling-allocator"  # serve does not compile without the async one

# What makes it take seconds to compile a component if it is not optimized itself.
COMPILER = ["cranelift-codegen", "cranelift-entity", "cranelift-frontend", "hashbrown", "regalloc2", "smallvec",
            "wasmparser", "wasmtime-environ", "wasmtime-internal-cranelift"]

# Built in three fifths of the time, it takes half as long again to compile a component, and thrice as long to start.
BUILT_QUICKLY = ["--debug", "--config", "profile.dev.debug=false", "--config", "profile.dev.debug-assertions=false",
                 "--config", "profile.dev.overflow-checks=false"]
BUILT_QUICKLY += [word for crate in COMPILER for word in ("--config", f"profile.dev.package.{crate}.opt-level=1")]


def install(home, options):
    """Into `home`/bin/wasmtime. Cargo sees for itself whether it is there, with these features and options."""
    if not (home / "bin" / "wasmtime").exists():
        print(f"building wasmtime's command below target/{home.name} (once, some minutes)", file=sys.stderr)
    run(["cargo", "install", "wasmtime-cli", "--version", VERSION, "--locked", "--quiet", "--root", home,
         "--no-default-features", "--features", FEATURES, *options], "is crates.io reachable?")
