//! A progress bar for work that takes a while, shown to people only.

use std::fmt;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::terminal::terminal_width;

/// Below so many columns there is no room for a bar, sizes, a rate and the time that is left.
const WIDTH_MIN: usize = 80;

/// What there is room for then.
const NARROW: &str = "{msg} {percent} % ({eta} left)";

/// Says whether the terminal is narrow.
fn is_narrow() -> bool {
    terminal_width().is_some_and(|columns| columns < WIDTH_MIN)
}

/// Bytes done out of a total, on standard error. Shows nothing unless a person is looking.
///
/// The bar takes what the rest leaves of the line, and a narrow terminal has none, so that the line is not longer than the terminal
/// is wide.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begins a piece of work of `total_bytes`; zero where the total is not known.
    pub fn bytes(what: &'static str, total_bytes: u64) -> Progress {
        Progress::on(what, total_bytes, crate::is_interactive())
    }

    /// Begins a piece of work that is counted, and whose end is not known.
    pub fn count(what: &'static str) -> Progress {
        let template = if is_narrow() { "{msg} {human_pos}" } else { "{msg} {human_pos} ({rate})" };
        Progress::with(template, what, 0, crate::is_interactive())
    }

    /// Begins a piece of work of so many equal steps.
    pub fn steps(what: &'static str, total: u64) -> Progress {
        let template = "{msg} [{wide_bar}] {human_pos}/{human_len} ({rate}, {eta} left)";
        Progress::with(if is_narrow() { NARROW } else { template }, what, total, crate::is_interactive())
    }

    fn on(what: &'static str, total_bytes: u64, visible: bool) -> Progress {
        let template = match total_bytes {
            0 if is_narrow() => "{msg} {decimal_bytes}",
            0 => "{msg} {decimal_bytes} ({decimal_bytes_per_sec})",
            _ if is_narrow() => NARROW,
            _ => "{msg} [{wide_bar}] {decimal_bytes}/{decimal_total_bytes} ({decimal_bytes_per_sec}, {eta} left)",
        };
        Progress::with(template, what, total_bytes, visible)
    }

    fn with(template: &str, what: &'static str, total: u64, visible: bool) -> Progress {
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template(template).expect("a constant template");
        let style = style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
            // Writing to a terminal that is gone is no failure of the work.
            let _ = write!(out, "{:.0}/s", state.per_sec());
        });
        let bar = ProgressBar::with_draw_target(Some(total), target).with_style(style).with_message(what);
        Progress { bar }
    }

    /// Whether a person is looking.
    pub fn is_shown(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// Says how far the work has come.
    pub fn set(&self, done: u64) {
        self.bar.set_position(done);
    }
}

/// The bar goes away however the work ends, so that it never stands between a command's results.
impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_where_nobody_looks() {
        let progress = Progress::on("copying", 100, false);
        progress.set(50);
        assert!(progress.bar.is_hidden());
        assert_eq!(progress.bar.position(), 50);
        Progress::count("compacting").set(3);
    }
}
