//! The artefacts, and what the embedder makes of titles.

use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

static EMBEDDER: LazyLock<StaticEmbedder> = LazyLock::new(|| StaticEmbedder::new().unwrap());

/// A table of two dimensions and one bucket, whose row is zero.
fn small(words: &[&str]) -> Vec<u8> {
    let text: String = words.iter().map(|word| format!("{word}\n")).collect();
    let count = words.len() as u32;
    let mut bytes = b"CHRTABLE".to_vec();
    for number in [2, 2, count, text.len() as u32, 1] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(text.as_bytes());
    bytes.extend((0..=count).flat_map(|_| 0.5f32.to_le_bytes()));
    bytes.extend((0..count).flat_map(|row| [row as u8, 0xfe]));
    bytes.extend([0, 0]);
    bytes
}

fn sum(table: &Table, title: &str) -> Vec<f32> {
    let mut sum = vec![0.0; table.dims()];
    pieces::rows(table, title, |row, weight| table.add(row, weight, &mut sum));
    sum
}

#[test]
fn a_clone_reads_the_same_table() {
    let one = StaticEmbedder::new().unwrap();
    // Each of a thousand people in one process has one (measured: 840 MB with tables of their own).
    assert!(Arc::ptr_eq(&one.table, &one.clone().table));
}

#[test]
fn a_vector_is_the_sum_of_its_rows() {
    let bytes = small(&["a", "b", "c"]);
    let table = Table::read(&bytes).unwrap();
    assert_eq!(table.dims(), 2);
    // Rows [0, -2] and [2, -2] at half scale; the bucket adds nothing.
    assert_eq!(sum(&table, "A c?"), [1.0, -2.0]);
    assert_eq!(sum(&table, "unknown"), [0.0, 0.0]);
    let mut bytes = bytes;
    let end = bytes.len();
    bytes[end - 2] = 4;
    let table = Table::read(&bytes).unwrap();
    // `<ab>` has three n-grams of length 3 to 5, which weigh as much as a word together: 2·3/√3.
    let found = sum(&table, "ab")[0];
    assert!((found - 6.0 / 3f32.sqrt()).abs() < 1e-5, "{found}");
}

#[test]
fn near_in_meaning_is_near_in_space() {
    let near = |a: &str, b: &str| EMBEDDER.embed_one(a).cosine(&EMBEDDER.embed_one(b));
    assert!(
        near("doctor appointment", "dentist visit") > near("doctor appointment", "code review")
    );
    assert!(near("weekly team meeting", "team sync") > near("weekly team meeting", "lunch"));
    assert_eq!(EMBEDDER.embed_one(""), Embedding(vec![0.0; 256]));
    assert_eq!(EMBEDDER.embed(&["a", "b"]).len(), 2);
}

#[test]
fn a_word_that_counts_less_pulls_less() {
    let weighed = |weights: &[f32]| EMBEDDER.embed_weighed("implement map tiles", weights);
    let (kind, whole) =
        (EMBEDDER.embed_one("implement"), EMBEDDER.embed_one("implement map tiles"));
    assert!(weighed(&[]).cosine(&whole) > 0.9999 && weighed(&[1.0; 3]).cosine(&whole) > 0.9999);
    assert!(weighed(&[1.0, 0.1, 0.1]).cosine(&kind) > whole.cosine(&kind));
    assert!(weighed(&[1.0, 0.0, 0.0]).cosine(&kind) > 0.9999);
}

/// The scripts beside this file make these very bytes; the README there says so too.
#[test]
fn the_artefacts_are_those_of_the_readme() {
    let readme = include_str!("README.md");
    for (name, bytes) in [("table.bin", TABLE), ("category.bin", CATEGORY)] {
        let sum = blake3::hash(bytes).to_hex();
        assert!(readme.contains(sum.as_str()), "{name} has blake3 {sum}: say so in README.md");
    }
}

#[track_caller]
fn check_refused(change: impl FnOnce(&mut Vec<u8>), expected: ArtefactError) {
    let mut bytes = small(&["a", "b"]);
    change(&mut bytes);
    assert_eq!(Table::read(&bytes).unwrap_err(), expected);
}

#[test]
fn a_corrupt_table_is_refused() {
    check_refused(|b| b[0] = b'X', ArtefactError::Magic);
    check_refused(Vec::clear, ArtefactError::Magic);
    check_refused(|b| b[8] = 1, ArtefactError::Version(1));
    check_refused(|b| b.truncate(10), ArtefactError::Length { expected: 12, found: 10 });
    check_refused(|b| b[12] = 0, ArtefactError::Bounds);
    check_refused(|b| b[19] = 0xff, ArtefactError::Bounds);
    check_refused(|b| b[24] = 0, ArtefactError::Bounds);
    check_refused(|b| b[27] = 0xff, ArtefactError::Bounds);
    check_refused(|b| b.push(0), ArtefactError::Length { expected: 50, found: 51 });
    check_refused(|b| b.truncate(49), ArtefactError::Length { expected: 50, found: 49 });
    check_refused(|b| b[28] = b'c', ArtefactError::Vocabulary);
    check_refused(|b| b[28] = b'b', ArtefactError::Vocabulary);
    check_refused(|b| b[28] = 0xff, ArtefactError::Vocabulary);
    check_refused(|b| b[31] = b'x', ArtefactError::Vocabulary);
    check_refused(|b| b[32..36].fill(0xff), ArtefactError::Weight);
}

#[test]
fn a_corrupt_head_is_refused() {
    let check = |change: fn(&mut Vec<u8>), expected| {
        let mut bytes = CATEGORY.to_vec();
        change(&mut bytes);
        assert_eq!(head::read(&bytes).unwrap_err(), expected);
    };
    assert!(head::read(CATEGORY).is_ok());
    check(|b| b[3] = 0, ArtefactError::Magic);
    check(|b| b[8] = 9, ArtefactError::Version(9));
    check(|b| b[12..16].fill(0), ArtefactError::Bounds);
    check(|b| b[16] += 1, ArtefactError::Bounds);
    let (expected, found) = (CATEGORY.len(), CATEGORY.len() - 4);
    check(|b| b.truncate(b.len() - 4), ArtefactError::Length { expected, found });
    check(|b| b[20..24].fill(0xff), ArtefactError::Weight);
}

proptest! {
    #[test]
    fn a_vector_is_of_length_one_or_zero_and_always_the_same(title in "\\PC{0,80}") {
        let vector = EMBEDDER.embed_one(&title);
        let length = vector.0.iter().map(|x| x * x).sum::<f32>().sqrt();
        prop_assert!(length == 0.0 || (length - 1.0).abs() < 1e-4, "{}", length);
        prop_assert_eq!(EMBEDDER.embed_one(&title), vector);
    }

    #[test]
    fn no_table_makes_it_panic(at in 0usize..50, byte: u8) {
        let mut bytes = small(&["a", "b"]);
        bytes[at] = byte;
        if let Ok(table) = Table::read(&bytes) {
            sum(&table, "a b 会議");
        }
    }
}
