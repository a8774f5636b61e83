//! The progress of deployments, as a person sees it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io::{self, IsTerminal},
    time::Duration,
};

use configdrive_host::ironic::{NodeIdent, Step};
use configdrive_verbs::{Error, output};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{advice, log::LOG_TARGET, phase::Phase};

/// The display of progress: lines on standard output and, if standard error is a terminal, progress bars there, one for each node
/// that is being deployed and one for the whole fleet.
pub struct Progress {
    audience: Audience,
    /// `None` if standard error is not a terminal or the audience is not a person.
    bars: Option<MultiProgress>,
    fleet: Option<ProgressBar>,
    nodes: RefCell<BTreeMap<String, ProgressBar>>,
    warned: RefCell<BTreeMap<String, String>>,
    phase: Cell<Phase>,
    last_line: RefCell<String>,
    /// The first write error, if there was one. It does not end a deployment.
    written: Cell<Result<(), Error>>,
}

impl Progress {
    /// Creates the display for one node, or for a fleet of this many nodes.
    pub fn new(audience: Audience, fleet: Option<usize>) -> Self {
        let bars = (audience == Audience::Person && io::stderr().is_terminal()).then(MultiProgress::new);
        let bar = bars.as_ref().zip(fleet).map(|(bars, nodes)| {
            let bar = ProgressBar::new(nodes as u64).with_style(style("{bar:40} {pos} of {len} nodes, {elapsed}"));
            bars.add(bar)
        });
        if let Some(bar) = &bar {
            bar.enable_steady_tick(TICK);
        }
        Self {
            audience,
            bars,
            fleet: bar,
            nodes: RefCell::default(),
            warned: RefCell::default(),
            phase: Cell::new(Phase::Before),
            last_line: RefCell::default(),
            written: Cell::new(Ok(())),
        }
    }

    /// Shows a step of the only node.
    pub fn show(&self, node: &NodeIdent, step: &Step<'_>) {
        self.follow(node, step);
        self.phase.set(self.phase.get().after(step));
        if step.is_warning() { self.warn_once(node, &advice::step(step)) } else { self.step(step.to_string()) }
    }

    /// Shows a step of one node of several.
    pub fn show_member(&self, node: &NodeIdent, step: &Step<'_>) {
        self.follow(node, step);
        match step {
            step if step.is_warning() => self.warn_once(node, &format!("node {node}: {}", advice::step(step))),
            // On a terminal, a progress bar shows it.
            Step::State(_) if self.bars.is_none() => self.line(&step.to_string()),
            _ => {}
        }
    }

    /// Removes the progress bar of a node whose deployment has ended.
    pub fn end(&self, node: &NodeIdent) {
        if let (Some(bar), Some(bars)) = (self.nodes.borrow_mut().remove(node.as_str()), &self.bars) {
            bar.finish_and_clear();
            bars.remove(&bar);
        }
        self.warned.borrow_mut().remove(node.as_str());
        if let Some(fleet) = &self.fleet {
            fleet.inc(1);
        }
    }

    /// Removes the progress bars.
    pub fn clear(&self) {
        if let Some(bars) = &self.bars {
            // If clearing fails, the terminal is gone.
            _ = bars.clear();
        }
    }

    /// Returns how far the only node's deployment has come.
    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Returns whether all lines could be written.
    pub fn written(&self) -> Result<(), Error> {
        self.written.replace(Ok(()))
    }

    /// Prints a step, unless it repeats the last one.
    fn step(&self, line: String) {
        if *self.last_line.borrow() != line {
            self.line(&line);
            self.last_line.replace(line);
        }
    }

    /// Prints a line on standard output.
    pub fn line(&self, line: &str) {
        if self.audience != Audience::Person {
            return;
        }
        let written = self.written.replace(Ok(()));
        self.written.set(written.and_then(|()| self.suspended(|| output::print(&format!("{line}\n")))));
    }

    /// Prints a warning, unless it repeats the node's last one.
    fn warn_once(&self, node: &NodeIdent, warning: &str) {
        let before = self.warned.borrow_mut().insert(node.as_str().to_owned(), warning.to_owned());
        // The log already contains the steps.
        if before.as_deref() != Some(warning) && self.audience != Audience::Log {
            self.suspended(|| output::warn(warning));
        }
    }

    /// Prints or logs a warning that does not belong to a step.
    pub fn warn(&self, warning: &str) {
        match self.audience {
            Audience::Log => tracing::warn!(target: LOG_TARGET, "{warning}"),
            _ => self.suspended(|| output::warn(warning)),
        }
    }

    fn follow(&self, node: &NodeIdent, step: &Step<'_>) {
        let Some(bars) = &self.bars else { return };
        let mut nodes = self.nodes.borrow_mut();
        let bar = nodes.entry(node.as_str().to_owned()).or_insert_with(|| {
            let bar = bars.add(ProgressBar::new_spinner().with_style(style("{spinner} {msg} ({elapsed})")));
            bar.enable_steady_tick(TICK);
            bar
        });
        bar.set_message(match step {
            Step::State(_) => step.to_string(),
            step => format!("node {node}: {step}"),
        });
    }

    /// Writes with the progress bars suspended.
    fn suspended<R>(&self, write: impl FnOnce() -> R) -> R {
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}

/// The reader of the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Audience {
    /// A person, who reads lines.
    Person,
    /// A program, which reads the report at the end, and warnings.
    Program,
    /// A log, which contains everything. Nothing else is printed between its lines.
    Log,
}

const TICK: Duration = Duration::from_millis(200);

/// Parses a template. An invalid one would be a bug; the default style shows at least the message.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
