//! A progress bar for what takes long, where a person looks.

use super::{Global, output};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// Between two signs of life: deciding is one long step.
const TICK: Duration = Duration::from_millis(120);

/// A bar of `steps` steps on stderr; invisible when stderr is no terminal, and with `--quiet` or
/// `--json`. It clears itself when dropped or finished.
pub fn bar(global: &Global, label: &'static str, steps: u64) -> ProgressBar {
    if global.quiet || global.json || !output::stderr_is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
    bar.enable_steady_tick(TICK);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{bar:30}] {pos}/{len}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.with_message(label).with_finish(indicatif::ProgressFinish::AndClear)
}
