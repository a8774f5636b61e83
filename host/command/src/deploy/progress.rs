//! What a person sees while nodes are deployed.

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

/// Lines on standard output and, where a person looks on, moving ones on standard error: one for each node that is being
/// deployed, and one for the whole fleet.
pub struct Progress {
    audience: Audience,
    /// None where standard error is no terminal, or the lines are for nobody.
    moving: Option<MultiProgress>,
    fleet: Option<ProgressBar>,
    nodes: RefCell<BTreeMap<String, ProgressBar>>,
    warned: RefCell<BTreeMap<String, String>>,
    phase: Cell<Phase>,
    last_line: RefCell<String>,
    /// A deployment is not broken off because nobody reads about it.
    written: Cell<Result<(), Error>>,
}

impl Progress {
    /// For a node, or for a fleet of `nodes`.
    pub fn new(audience: Audience, fleet: Option<usize>) -> Self {
        let moving = (audience == Audience::Person && io::stderr().is_terminal()).then(MultiProgress::new);
        let bar = moving.as_ref().zip(fleet).map(|(moving, nodes)| {
            let bar = ProgressBar::new(nodes as u64).with_style(style("{bar:40} {pos} of {len} nodes, {elapsed}"));
            moving.add(bar)
        });
        if let Some(bar) = &bar {
            bar.enable_steady_tick(TICK);
        }
        Self {
            audience,
            moving,
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
            // A terminal has a moving line for it.
            Step::State(_) if self.moving.is_none() => self.line(&step.to_string()),
            _ => {}
        }
    }

    /// The node's deployment has ended.
    pub fn end(&self, node: &NodeIdent) {
        if let (Some(bar), Some(moving)) = (self.nodes.borrow_mut().remove(node.as_str()), &self.moving) {
            bar.finish_and_clear();
            moving.remove(&bar);
        }
        self.warned.borrow_mut().remove(node.as_str());
        if let Some(fleet) = &self.fleet {
            fleet.inc(1);
        }
    }

    /// Takes the moving lines away.
    pub fn clear(&self) {
        if let Some(moving) = &self.moving {
            // What cannot be cleared was not there.
            _ = moving.clear();
        }
    }

    /// How far the only node has come.
    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Whether all lines came to where they were to.
    pub fn written(&self) -> Result<(), Error> {
        self.written.replace(Ok(()))
    }

    /// A step that is taken again is not told again.
    fn step(&self, line: String) {
        if *self.last_line.borrow() != line {
            self.line(&line);
            self.last_line.replace(line);
        }
    }

    /// A line on standard output.
    pub fn line(&self, line: &str) {
        if self.audience != Audience::Person {
            return;
        }
        let written = self.written.replace(Ok(()));
        self.written.set(written.and_then(|()| self.aside(|| output::print(&format!("{line}\n")))));
    }

    /// A warning, which is not repeated while it stays the same.
    fn warn_once(&self, node: &NodeIdent, warning: &str) {
        let before = self.warned.borrow_mut().insert(node.as_str().to_owned(), warning.to_owned());
        // The log has the steps already.
        if before.as_deref() != Some(warning) && self.audience != Audience::Log {
            self.aside(|| output::tell(&format!("warning: {warning}")));
        }
    }

    /// A warning that belongs to no step.
    pub fn warn(&self, warning: &str) {
        match self.audience {
            Audience::Log => tracing::warn!(target: LOG_TARGET, "{warning}"),
            _ => self.aside(|| output::tell(&format!("warning: {warning}"))),
        }
    }

    fn follow(&self, node: &NodeIdent, step: &Step<'_>) {
        let Some(moving) = &self.moving else { return };
        let mut nodes = self.nodes.borrow_mut();
        let bar = nodes.entry(node.as_str().to_owned()).or_insert_with(|| {
            let bar = moving.add(ProgressBar::new_spinner().with_style(style("{spinner} {msg} ({elapsed})")));
            bar.enable_steady_tick(TICK);
            bar
        });
        bar.set_message(match step {
            Step::State(_) => step.to_string(),
            step => format!("node {node}: {step}"),
        });
    }

    /// Writes with the moving lines out of the way.
    fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        match &self.moving {
            Some(moving) => moving.suspend(write),
            None => write(),
        }
    }
}

/// Who follows what goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Audience {
    /// Reads lines.
    Person,
    /// Reads the report in the end, and warnings.
    Program,
    /// Has all of it, with nothing in between.
    Log,
}

const TICK: Duration = Duration::from_millis(200);

/// A template that does not hold would be a fault of ours: the default shows at least the message.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
