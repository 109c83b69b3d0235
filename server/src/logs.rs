//! How the portal writes down what it does: lines for people or JSON for machines, to standard error, never a password, token or cookie.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Starts the log. Called once, before anything is worth writing down.
pub fn start(format: LogFormat, level: &str) {
    let filter = EnvFilter::builder().parse_lossy(level);
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => log.with_target(false).init(),
        // Every span, so that each line says for which request it was written.
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(true).init(),
    }
    // A panic belongs in the log like everything else; what a backtrace adds is asked for with RUST_BACKTRACE.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!(at = panic.location().map(tracing::field::display), "panicked");
        if std::env::var_os("RUST_BACKTRACE").is_some() {
            usual(panic);
        }
    }));
}
