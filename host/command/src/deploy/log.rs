//! What goes on, for those who run the command in a service.

use std::io;

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// The library's events, and with them the command's.
pub const LOG_TARGET: &str = "configdrive_host";

/// Events on standard error.
#[derive(Args)]
#[command(next_help_heading = "Logging")]
pub struct LogOptions {
    /// Log to standard error: lines of text, or an object a line [default: no log]
    #[arg(long, value_name = "FORMAT", value_enum)]
    log_format: Option<LogFormat>,
    /// How much of it; `debug` has every request
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
    /// Starts the log; tells whether there is one.
    ///
    /// It holds this project's events alone: those of the libraries below could show headers, and with them tokens.
    pub fn start(&self) -> bool {
        let level = match self.log_level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        };
        let ours = Targets::new().with_target(LOG_TARGET, level);
        // What it cannot write it would complain of in the same place, and panic there.
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
