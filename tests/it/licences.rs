//! Every dependency's licence is one that deny.toml allows: Rust's by cargo's metadata, the browser's by
//! npm's lock files. Cheap enough for every run; `script/licences` looks deeper.

use serde_json::Value;
use spdx::{Expression, Licensee, ParseMode};
use std::path::{Path, PathBuf};
use std::process::Command;
use toml::de::{DeTable, DeValue};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn allowed() -> Vec<Licensee> {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let table = DeTable::parse(&text).unwrap().into_inner();
    let DeValue::Array(licences) = table["licenses"].get_ref()["allow"].get_ref().clone() else {
        panic!("licenses.allow is no array");
    };
    licences
        .iter()
        .map(|licence| Licensee::parse(licence.get_ref().as_str().unwrap()).unwrap())
        .collect()
}

fn is_allowed(expression: &str, allowed: &[Licensee]) -> bool {
    // Older crates separate alternatives by a slash, which only the lax mode reads.
    Expression::parse_mode(expression, ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|wanted| allowed.iter().any(|licence| licence.satisfies(wanted)))
    })
}

/// The packages as `name version: licence` that no allowed licence covers.
fn refused<'a>(packages: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Vec<String> {
    let allowed = allowed();
    packages
        .into_iter()
        .filter(|(_, licence)| !licence.is_some_and(|licence| is_allowed(licence, &allowed)))
        .map(|(name, licence)| format!("{name}: {}", licence.unwrap_or("no licence")))
        .collect()
}

#[test]
fn every_crate_has_an_allowed_licence() {
    // Only what is built here: the crates of other systems need not be there without a network.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .args(["--filter-platform", &this_platform()])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    let licences = packages.iter().map(|package| {
        (
            package["name"].as_str().unwrap(),
            package["license"].as_str(),
        )
    });
    assert_eq!(refused(licences), Vec::<String>::new());
}

fn this_platform() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

#[test]
fn every_npm_package_has_an_allowed_licence() {
    let mut files = Vec::new();
    lock_files(root(), &mut files);
    for file in files {
        let lock: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        // The nameless entry is the project itself.
        let licences = packages
            .iter()
            .filter(|(path, _)| !path.is_empty())
            .map(|(path, package)| (path.as_str(), package["license"].as_str()));
        assert_eq!(
            refused(licences),
            Vec::<String>::new(),
            "{}",
            file.display()
        );
    }
}

fn lock_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir()
            && !name.starts_with('.')
            && !["target", "node_modules", "data"].contains(&&*name)
        {
            lock_files(&path, found);
        } else if name == "package-lock.json" {
            found.push(path);
        }
    }
}

#[test]
fn the_judgement_itself_is_right() {
    let verdict = |expression| refused([("it", expression)]).is_empty();
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-2.0-only OR MIT",
        "(MIT OR GPL-2.0-only) AND ISC",
    ] {
        assert!(verdict(Some(good)), "{good}");
    }
    for bad in ["GPL-2.0-only", "MIT AND SSPL-1.0", "see file", ""] {
        assert!(!verdict(Some(bad)), "{bad}");
    }
    assert!(!verdict(None));
}
