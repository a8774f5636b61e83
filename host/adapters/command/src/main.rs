//! The command `configdrive` as a component: the native command's verbs that need no Ironic, with its options, its messages and
//! its exit codes.

// The verbs, and what they share, are the native command's own files.
#[cfg(target_family = "wasm")]
#[path = "../../../src/commands"]
#[allow(dead_code, reason = "what deployments need is the native command's alone")]
mod commands {
    mod build;
    mod check;
    mod directory;
    mod encode;
    mod exit;
    mod input;
    mod inspect;
    mod nova_conf;
    mod options;
    mod output;
    mod pack;
    mod required_by;
    mod run;
    mod signals;

    use clap::{Parser, Subcommand};

    use self::exit::Exit;

    /// OpenStack config drives for bare metal: decides whether an instance needs one, builds it, and looks into it.
    ///
    /// `configdrive` in the examples stands for `wasmtime run configdrive-cli.wasm`. Files are there where a directory of the
    /// host is: `wasmtime run --dir . configdrive-cli.wasm`.
    #[derive(Parser)]
    #[command(name = "configdrive", version, after_help = exit::help(), disable_help_subcommand = true)]
    struct Cli {
        #[command(subcommand)]
        verb: Verb,
    }

    #[derive(Subcommand)]
    enum Verb {
        RequiredBy(required_by::RequiredBy),
        Build(build::Build),
        Encode(encode::Encode),
        Pack(pack::Pack),
        Check(check::Check),
        Inspect(inspect::Inspect),
    }

    pub fn main() -> Exit {
        run::run(|cli: Cli| match cli.verb {
            Verb::RequiredBy(verb) => verb.run(),
            Verb::Build(verb) => verb.run(),
            Verb::Encode(verb) => verb.run(),
            Verb::Pack(verb) => verb.run(),
            Verb::Check(verb) => verb.run(),
            Verb::Inspect(verb) => verb.run(),
        })
    }
}

#[cfg(target_family = "wasm")]
fn main() {
    // What std does with an `ExitCode` on WASI tells success from failure and no more.
    wasip2::cli::exit::exit_with_code(commands::main() as u8);
}

#[cfg(not(target_family = "wasm"))]
fn main() {}
