//! Reads a page of numbers as strictly as OpenMetrics 1.0 asks for, so far as we use it.

use std::collections::{BTreeMap, BTreeSet};

/// Samples by name and labels as written, for example `chronotype_turns_total{outcome="quiet"}`.
pub struct Page(BTreeMap<String, f64>);

impl Page {
    /// Reads a page.
    #[track_caller]
    pub fn read(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("the end is marked");
        let (mut samples, mut families) = (BTreeMap::new(), BTreeSet::new());
        let mut family = (String::new(), String::new());
        for line in body.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, words) = rest.split_once(' ').unwrap();
                assert!(is_name(name) && !words.is_empty(), "{line}");
                assert!(families.insert(name.to_owned()), "two families {name}");
                family = (name.to_owned(), String::new());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(name, family.0, "{line}");
                assert!(["counter", "gauge", "info"].contains(&kind), "{line}");
                family.1 = kind.to_owned();
            } else {
                let (name, value) = line.rsplit_once(' ').unwrap();
                let (bare, labels) = name.split_once('{').unwrap_or((name, "}"));
                let suffix = match family.1.as_str() {
                    "counter" => "_total",
                    "info" => "_info",
                    _ => "",
                };
                assert_eq!(bare, format!("{}{suffix}", family.0), "{line}");
                check_labels(labels.strip_suffix('}').unwrap());
                let value: f64 = value.parse().unwrap();
                assert!(value.is_finite() && value >= 0.0, "{line}");
                assert!(samples.insert(name.to_owned(), value).is_none(), "twice: {line}");
            }
        }
        Self(samples)
    }

    /// The value of a series.
    #[track_caller]
    pub fn value(&self, series: &str) -> f64 {
        *self.0.get(series).unwrap_or_else(|| panic!("{series} is not among {:?}", self.0.keys()))
    }

    /// All values of a family of series.
    pub fn sum(&self, name: &str) -> f64 {
        let of_family = |series: &str| series.split('{').next() == Some(name);
        self.0.iter().filter(|(series, _)| of_family(series)).map(|(_, value)| value).sum()
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// Values are words of ours: nothing in them needs escaping.
#[track_caller]
fn check_labels(labels: &str) {
    for label in labels.split(',').filter(|label| !label.is_empty()) {
        let (name, value) = label.split_once('=').unwrap();
        let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
        assert!(is_name(name), "{labels}");
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        assert!(value.chars().all(plain), "{labels}");
    }
}

#[test]
fn a_page_that_is_off_is_told() {
    let sound = "# HELP a_b Words.\n# TYPE a_b counter\na_b_total{c=\"d\"} 1\n# EOF\n";
    assert_eq!(Page::read(sound).value("a_b_total{c=\"d\"}"), 1.0);
    for (what, wrong) in [
        ("# EOF\n", ""),
        ("a_b_total", "a_b"),
        ("} 1", "} x"),
        ("} 1", "} NaN"),
        ("} 1\n", "} 1\na_b_total{c=\"d\"} 1\n"),
        ("\"d\"", "d"),
        ("\"d\"", "\"d e\""),
        ("TYPE a_b counter", "TYPE a_b count"),
        ("TYPE a_b", "TYPE a_c"),
        ("a_b Words.", "a_b"),
    ] {
        let text = sound.replacen(what, wrong, 1);
        assert!(std::panic::catch_unwind(|| Page::read(&text)).is_err(), "{text}");
    }
}
