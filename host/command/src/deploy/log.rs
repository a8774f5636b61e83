//! Logging, for services that run the command.

use std::io;

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// The target of the library's events, which the command uses, too.
pub const LOG_TARGET: &str = "configdrive_host";

/// The options for the log.
#[derive(Args)]
#[command(next_help_heading = "Logging")]
pub struct LogOptions {
    /// Log to standard error, as lines of text or one JSON object per line [default: no log]
    #[arg(long, value_name = "FORMAT", value_enum)]
    log_format: Option<LogFormat>,
    /// Set how much is logged; `debug` includes every request
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = LogLevel::Info, hide_default_value = true, requires = "log_format")]
    log_level: LogLevel,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogOptions {
    /// Starts the log if it is enabled, and returns whether it is.
    ///
    /// It contains only this project's events: those of other libraries could show headers, and thereby tokens.
    pub fn start(&self) -> bool {
        let level = match self.log_level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        };
        let ours = Targets::new().with_target(LOG_TARGET, level);
        // Otherwise the layer would report a write error to standard error as well, and panic if that failed, too.
        let layer = fmt::layer().with_writer(io::stderr).log_internal_errors(false);
        match self.log_format {
            None => return false,
            Some(LogFormat::Text) => {
                tracing_subscriber::registry().with(layer.with_ansi(false).with_filter(ours)).init();
            }
            Some(LogFormat::Json) => tracing_subscriber::registry().with(layer.json().with_filter(ours)).init(),
        }
        true
    }
}
