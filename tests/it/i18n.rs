//! Every text stands in both languages, is used somewhere, and every text asked for is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Keys that the program puts together from a code: the rest of the key is not literal anywhere.
const BUILT: &[&str] = &[
    "import-quote-",
    "recipients-export-columns-",
    "nav-",
    "area-",
    "mails-mail-",
    "rule-",
    "value-",
    "form-",
    "import-problem-",
    "import-state-",
    "status-",
    "fields-type-",
    "fields-mode-",
    "job-",
    "recipient-wrong-",
    "source-",
    "tenant-status-",
    "tenants-kind-",
    "admissions-",
    "audit-",
    "rights-group-",
    "policy-",
    "sign-on-state-",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

pub fn texts(folder: &str, ending: &str) -> String {
    let mut found = Vec::new();
    files(&root().join(folder), ending, &mut found);
    found
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

fn keys(language: &str) -> BTreeSet<String> {
    let text = texts(&format!("locales/{language}"), ".ftl");
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        if let Some((key, _)) = line.split_once(" =")
            && key.starts_with(|c: char| c.is_ascii_lowercase())
            && key
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        {
            assert!(
                keys.insert(key.to_owned()),
                "{language}: {key} stands twice"
            );
        }
    }
    keys
}

fn sources() -> String {
    texts("src", ".rs") + &texts("templates", ".html")
}

#[test]
fn both_languages_have_the_same_keys() {
    let (en, de) = (keys("en"), keys("de"));
    assert_eq!(
        en.difference(&de).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "lack in German"
    );
    assert_eq!(
        de.difference(&en).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "lack in English"
    );
}

#[test]
fn every_key_is_used() {
    let sources = sources();
    let used = |key: &str| sources.contains(&format!("\"{key}\""));
    let unused: Vec<String> = keys("en")
        .into_iter()
        .filter(|key| !used(key) && !BUILT.iter().any(|prefix| key.starts_with(prefix)))
        // An error page's text is named after its title.
        .filter(|key| !key.strip_suffix("-text").is_some_and(used))
        .collect();
    assert_eq!(unused, Vec::<String>::new());
}

#[test]
fn every_key_asked_for_is_there() {
    let (sources, keys) = (sources(), keys("en"));
    let mut missing = BTreeSet::new();
    for call in [
        ".t(\"",
        ".with(\"",
        ".count(\"",
        ".with_all(\"",
        "::invalid(\"",
        "Frame::new(access.context(), \"",
    ] {
        for rest in sources.split(call).skip(1) {
            let key = rest.split('"').next().unwrap_or_default();
            let looks_like_one = key.contains('-')
                && key.bytes().all(|b| {
                    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_'
                });
            if looks_like_one && !key.ends_with('-') && !keys.contains(key) {
                missing.insert(key.to_owned());
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
}
