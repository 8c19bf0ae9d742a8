//! What is found, and that an index is never worse than none.

use super::*;
use crate::text::embed::StaticEmbedder;

fn entries(texts: &[(&str, &str)]) -> Vec<Entry> {
    let entry = |(key, text): &(&str, &str)| Entry { key: (*key).into(), text: (*text).into() };
    texts.iter().map(entry).collect()
}

const TEXTS: [(&str, &str); 4] = [
    ("e1", "Dentist appointment"),
    ("e2", "Write the quarterly report"),
    ("e3", "Quarterly reports: review"),
    ("i1", "Fridays go wrong"),
];

fn found(index: &Index, words: &str) -> Vec<String> {
    let embedder = StaticEmbedder::new().unwrap();
    let hits = index.search(words, &embedder, 10).unwrap();
    hits.into_iter().map(|hit| hit.key).collect()
}

#[test]
fn words_stems_and_meaning_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = StaticEmbedder::new().unwrap();
    let index = Index::bring_up(&folder.path().join("me"), &entries(&TEXTS), &embedder).unwrap();
    assert_eq!(found(&index, "report")[..2], ["e2", "e3"]);
    assert_eq!(found(&index, "friday")[0], "i1", "by its stem");
    assert_eq!(found(&index, "Zahnarzt")[0], "e1", "by what it means");
    assert!(found(&index, "").is_empty());
    assert!(found(&index, "key:e1 AND (\"").len() <= 4, "words, not a language of queries");
}

#[test]
fn an_index_is_brought_up_to_date_or_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (path, embedder) = (folder.path().join("me"), StaticEmbedder::new().unwrap());
    let bring =
        |texts: &[(&str, &str)]| Index::bring_up(&path, &entries(texts), &embedder).unwrap();
    assert_eq!(found(&bring(&TEXTS), "dentist"), ["e1"]);
    let changed = [("e1", "Garden work"), ("e2", "Write the quarterly report")];
    assert!(found(&bring(&changed), "dentist").is_empty());
    assert_eq!(found(&bring(&changed), "quarterly"), ["e2"]);
    // A crash after the engine's commit and before the mark: the same is done again.
    let known = path.join("chronotype.known");
    let old = std::fs::read(&known).unwrap();
    bring(&TEXTS);
    std::fs::write(&known, old).unwrap();
    let mut each = found(&bring(&TEXTS), "quarterly");
    each.sort();
    assert_eq!(each, ["e2", "e3"], "each once");
    // Damage of every file in turn.
    let files: Vec<PathBuf> =
        std::fs::read_dir(&path).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() > 5);
    for file in files.iter().filter(|file| file.exists()) {
        std::fs::write(file, b"damaged").unwrap();
        let index = bring(&changed);
        assert_eq!(found(&index, "quarterly"), ["e2"], "{}", file.display());
    }
}

#[test]
fn one_persons_index_has_nothing_of_anothers() {
    let folder = tempfile::tempdir().unwrap();
    let (store, embedder) = (folder.path().join("store"), StaticEmbedder::new().unwrap());
    let paths = ["ann", "ann.b"].map(|id| super::folder(&store, &PrincipalId::new(id).unwrap()));
    assert!(!paths[1].starts_with(&paths[0]));
    let texts = [("e1", "quagga"), ("e1", "zebu")];
    for (path, text) in paths.iter().zip(texts) {
        Index::bring_up(path, &entries(&[text]), &embedder).unwrap();
    }
    let ann = Index::bring_up(&paths[0], &entries(&[texts[0]]), &embedder).unwrap();
    assert_eq!((found(&ann, "quagga").len(), ann.by_words("zebu").unwrap().len()), (1, 0));
}
