//! Twenty-four hours as a row of blocks.

use super::output::{BAD, FAINT, GOOD, WARN, styled};

/// From nothing to all.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Columns an hour takes.
const HOUR_COLUMNS: usize = 2;
/// Every so many hours the ruler is marked.
const MARK_EVERY: usize = 3;

/// One bar an hour for values from 0 to `full`; what lies outside is drawn at the edge.
pub fn bars(values: &[f32; 24], full: f32) -> String {
    let bar = |value: &f32| {
        let share = if full > 0.0 { value / full } else { 0.0 };
        block(share).to_string().repeat(HOUR_COLUMNS)
    };
    values.iter().map(bar).collect()
}

/// Certain outcomes from which a bar is drawn in full.
const KNOWN: f32 = 1.0;

/// One bar an hour for (share, weight): coloured by the share, faint where the weights add up to
/// less than one certain outcome, a dot where there is none.
pub fn heat(hours: &[(f32, f32); 24]) -> String {
    let cell = |(share, weight): &(f32, f32)| {
        if *weight <= 0.0 {
            return styled(FAINT, "· ");
        }
        let style = match *share {
            s if s < 0.4 => BAD,
            s if s < 0.6 => WARN,
            _ => GOOD,
        };
        let style = if *weight < KNOWN { style.dimmed() } else { style };
        styled(style, &block(*share).to_string().repeat(HOUR_COLUMNS))
    };
    hours.iter().map(cell).collect()
}

/// `as` makes 0 of NaN.
fn block(share: f32) -> char {
    let step = (share.clamp(0.0, 1.0) * BLOCKS.len() as f32) as usize;
    BLOCKS[step.min(BLOCKS.len() - 1)]
}

/// The hours below [`bars`].
pub fn ruler() -> String {
    let marks = (0..24).step_by(MARK_EVERY);
    let text: String = marks.map(|h| format!("{h:<0$}", MARK_EVERY * HOUR_COLUMNS)).collect();
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day() {
        let mut values = [0.0; 24];
        (values[0], values[9], values[10], values[23]) = (f32::NAN, 0.5, 1.0, 7.0);
        assert_eq!(bars(&values, 1.0), "▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▅▅██▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██");
        assert_eq!(ruler(), "0     3     6     9     12    15    18    21");
        assert_eq!(bars(&[0.3; 24], 0.0), "▁".repeat(48));
    }
}
