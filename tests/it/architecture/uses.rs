//! The paths within the crate that each module of `src` names. A reader of text, not a compiler: it
//! knows `use` trees, `crate::…`, `self::…` and `super::…`, and leaves comments out.

use std::path::Path;

/// A path that a module names.
#[derive(Debug, PartialEq)]
pub struct Use {
    /// The module, from the crate's root.
    pub module: Vec<String>,
    /// What it names, from the crate's root.
    pub path: Vec<String>,
    /// File and line.
    pub place: String,
}

/// All of them.
pub fn all_uses() -> Vec<Use> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Use>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.strip_prefix(root).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(read(&module(file), &file.display().to_string(), &text));
        }
    }
}

fn module(file: &Path) -> String {
    let names: Vec<_> = file
        .with_extension("")
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !["mod", "lib", "main"].contains(&name.as_str()))
        .collect();
    names.join("::")
}

/// The paths that a module's text names.
pub fn read(module: &str, file: &str, text: &str) -> Vec<Use> {
    let module: Vec<_> = module.split("::").map(str::to_owned).collect();
    let text = without_comments(text);
    let mut found = Vec::new();
    for start in starts(&text) {
        let line = 1 + text[..start].matches('\n').count();
        let mut paths = Vec::new();
        tree(&mut text[start..].chars().peekable(), &[], &mut paths);
        found.extend(paths.iter().filter_map(|path| {
            Some(Use {
                module: module.clone(),
                path: resolve(&module, path)?,
                place: format!("{file}:{line}"),
            })
        }));
    }
    found
}

/// Keeps the lines' ends, so that places stay right.
fn without_comments(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .collect();
    lines.join("\n")
}

/// Where a path from the crate's root, from here or from above begins.
fn starts(text: &str) -> Vec<usize> {
    let inside_a_name =
        |at: usize| text[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c));
    let mut found: Vec<_> = ["crate::", "super::", "self::"]
        .iter()
        .flat_map(|root| text.match_indices(root))
        .map(|(at, _)| at)
        .filter(|at| !inside_a_name(*at))
        .collect();
    found.sort_unstable();
    found
}

/// Reads `a::b::{c, d::e}` into one path a leaf.
fn tree(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    prefix: &[String],
    found: &mut Vec<Vec<String>>,
) {
    let mut path = prefix.to_vec();
    loop {
        skip_space(rest);
        if rest.next_if_eq(&'{').is_some() {
            branches(rest, &path, found);
            return;
        }
        let name = name(rest);
        if name.is_empty() {
            break;
        }
        path.push(name);
        let mut ahead = rest.clone();
        if !(ahead.next() == Some(':') && ahead.next() == Some(':')) {
            break;
        }
        *rest = ahead;
    }
    found.push(path);
}

fn branches(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    path: &[String],
    found: &mut Vec<Vec<String>>,
) {
    loop {
        skip_space(rest);
        match rest.peek() {
            None => return,
            Some('}') => {
                rest.next();
                return;
            }
            Some(c) if c.is_alphabetic() || "_{".contains(*c) => {
                tree(rest, path, found);
                // The new name of `as` counts for nothing.
                while rest.next_if(|c| !",}".contains(*c)).is_some() {}
            }
            // Commas, the star of a glob.
            Some(_) => _ = rest.next(),
        }
    }
}

fn skip_space(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

fn name(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut name = String::new();
    while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
        name.push(c);
    }
    name
}

/// The path from the crate's root; none when nothing is left of it.
fn resolve(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut base = Vec::new();
    for (at, name) in path.iter().enumerate() {
        match name.as_str() {
            "crate" => base.clear(),
            "self" if at == 0 => base = module.to_vec(),
            "self" => {}
            "super" => {
                if at == 0 {
                    base = module.to_vec();
                }
                base.pop();
            }
            name => base.push(name.to_owned()),
        }
    }
    (!base.is_empty()).then_some(base)
}

#[test]
fn trees_and_paths_are_read() {
    let text =
        "use crate::a::{self, b::{C, D as E}, f::*};\n// crate::no\nfn g() { super::h::i(); }";
    let paths: Vec<_> = read("x::y", "f.rs", text)
        .into_iter()
        .map(|seen| format!("{} {}", seen.path.join("::"), seen.place))
        .collect();
    assert_eq!(
        paths,
        [
            "a f.rs:1",
            "a::b::C f.rs:1",
            "a::b::D f.rs:1",
            "a::f f.rs:1",
            "x::h::i f.rs:3"
        ]
    );
}
