//! Tests that are generated at run time, and tests that are ignored if something is missing. libtest-mimic runs them.
//!
//! A module lists its tests in a function `trials`, and `main` names the modules:
//!
//! ```text
//! // tests/library/main.rs
//! fn main() -> ExitCode {
//!     run_trials!(check, golden)
//! }
//!
//! // tests/library/check.rs
//! pub fn trials() -> Vec<Trial> {
//!     trials![a_sound_drive_has_no_findings, each_fault_is_found]
//! }
//! ```

use std::{env, fmt::Display, process::ExitCode};

use libtest_mimic::{Arguments, Failed};

/// A test.
pub struct Trial {
    name: String,
    run: Box<dyn FnOnce() -> Result<(), Failed> + Send>,
    /// Why the test does not run.
    ignored: Option<String>,
}

impl Trial {
    /// Creates a test that fails by a panic or, if `run` returns a result, by an error.
    pub fn new<O: Outcome>(name: impl Into<String>, run: impl FnOnce() -> O + Send + 'static) -> Self {
        Self { name: name.into(), run: Box::new(|| run().result()), ignored: None }
    }

    /// Returns the test's name within its module.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ignores the test if something is missing, and says what. If the variable `CI` is set, the test fails instead.
    #[must_use]
    pub fn without(self, missing: Option<impl Display>) -> Self {
        let Some(missing) = missing else { return self };
        let reason = format!("{missing} is missing");
        if is_ci() {
            Self::new(self.name, move || Err(Failed::from(reason)))
        } else {
            Self { ignored: Some(reason), ..self }
        }
    }

    /// Ignores the test, for this reason, unless the variable `CI` is set.
    #[must_use]
    pub fn only_in_ci(self, reason: &str) -> Self {
        Self { ignored: (!is_ci()).then(|| reason.to_owned()), ..self }
    }

    fn in_module(self, module: &str) -> libtest_mimic::Trial {
        libtest_mimic::Trial::test(format!("{module}::{}", self.name), self.run)
            .with_ignored_flag(self.ignored.is_some())
            .with_kind(self.ignored.unwrap_or_default())
    }
}

fn is_ci() -> bool {
    env::var_os("CI").is_some()
}

/// What a test returns.
pub trait Outcome {
    /// Returns why the test failed, if it did.
    fn result(self) -> Result<(), Failed>;
}

impl Outcome for () {
    fn result(self) -> Result<(), Failed> {
        Ok(())
    }
}

impl Outcome for Result<(), Failed> {
    fn result(self) -> Self {
        self
    }
}

/// Lists plain functions as trials. The compiler warns of a test function that is in no list, since it is unused.
#[macro_export]
macro_rules! trials {
    ($($test:ident),+ $(,)?) => {
        vec![$($crate::trials::Trial::new(stringify!($test), $test)),+]
    };
}

/// Runs the trials of modules.
#[macro_export]
macro_rules! run_trials {
    ($($module:ident),+ $(,)?) => {
        $crate::trials::run([$((stringify!($module), $module::trials())),+])
    };
}

/// Runs the trials of modules, as the command line asks.
pub fn run<const COUNT: usize>(modules: [(&str, Vec<Trial>); COUNT]) -> ExitCode {
    let of_module = |(module, trials): (_, Vec<Trial>)| trials.into_iter().map(move |trial| trial.in_module(module));
    let trials = modules.into_iter().flat_map(of_module).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
