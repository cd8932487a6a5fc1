//! Who may know whom. The shared rooms know no slice; a slice knows another's domain type and queries,
//! never its forms and pages. Read from the source: from `use` lines and from paths written in place.

mod uses;

use std::collections::BTreeSet;
use uses::{Use, all_uses};

/// The rooms that every slice stands on.
const SHARED: [&str; 4] = ["db", "access", "web", "jobs"];
/// The folders whose modules are slices.
const HOMES: [&str; 2] = ["control", "tenant"];
/// What of a slice is its own business.
const OWN_BUSINESS: [&str; 6] = ["form", "forms", "page", "pages", "handler", "handlers"];

/// Where a shared room imports a slice all the same: the module, what it imports, and why. The list only
/// ever shrinks: an entry that is no longer needed fails the test.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// The slice that a path lies in: `tenant::recipients` for `tenant::recipients::form`.
fn slice(path: &[String]) -> Option<[&str; 2]> {
    match path {
        [home, name, ..] if HOMES.contains(&home.as_str()) => Some([home, name]),
        _ => None,
    }
}

fn excepted(seen: &Use) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let within = |path: &[String], prefix: &str| {
        let path = path.join("::");
        path == prefix || path.starts_with(&format!("{prefix}::"))
    };
    EXCEPTIONS
        .iter()
        .find(|(module, import, _)| within(&seen.module, module) && within(&seen.path, import))
}

fn tell(seen: &Use) -> String {
    format!(
        "{}: {} imports {}",
        seen.place,
        seen.module.join("::"),
        seen.path.join("::")
    )
}

/// The imports of a slice by a shared room, but for the exceptions; and the exceptions that were met.
fn shared_rooms(all: &[Use]) -> (Vec<String>, BTreeSet<&'static str>) {
    let mut faults = Vec::new();
    let mut met = BTreeSet::new();
    let shared = |seen: &&Use| {
        seen.module
            .first()
            .is_some_and(|room| SHARED.contains(&room.as_str()))
    };
    for seen in all
        .iter()
        .filter(shared)
        .filter(|seen| HOMES.contains(&seen.path[0].as_str()))
    {
        match excepted(seen) {
            Some((_, import, _)) => _ = met.insert(*import),
            None => faults.push(tell(seen)),
        }
    }
    (faults, met)
}

/// The imports of a slice's own business by another slice.
fn slices(all: &[Use]) -> Vec<String> {
    let crosses = |seen: &&Use| match (slice(&seen.module), slice(&seen.path)) {
        (Some(from), Some(to)) => from != to,
        _ => false,
    };
    all.iter()
        .filter(crosses)
        .filter(|seen| {
            seen.path[2..]
                .iter()
                .any(|name| OWN_BUSINESS.contains(&name.as_str()))
        })
        .map(tell)
        .collect()
}

#[test]
fn the_shared_rooms_import_no_slice() {
    let all = all_uses();
    assert!(all.len() > 100, "only {} imports were found", all.len());
    let (faults, met) = shared_rooms(&all);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (module, import, _) in EXCEPTIONS {
        assert!(
            met.contains(import),
            "the exception {module} -> {import} is no longer needed"
        );
    }
}

#[test]
fn a_slice_imports_no_form_and_no_page_of_another() {
    let faults = slices(&all_uses());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn faults_are_found() {
    let seen = |module: &str, text: &str| uses::read(module, "x.rs", text);
    let (faults, _) = shared_rooms(&seen("web::page", "use crate::{clock, tenant::fields};"));
    assert_eq!(faults, ["x.rs:1: web::page imports tenant::fields"]);
    let text = "use crate::tenant::forms::Form;\nfn f() { crate::tenant::lists::forms::show() }";
    let faults = slices(&seen("tenant::recipients::import", text));
    assert_eq!(
        faults,
        ["x.rs:2: tenant::recipients::import imports tenant::lists::forms::show"]
    );
    assert!(slices(&seen("tenant::lists", text)).is_empty());
}

/// Who may name the provisioner: the gates, the command line, jobs, and the first start, which has no
/// session yet. Pages reach it through `ControlAccess::provision` only.
const PROVISIONING: &[&str] = &[
    "src/access/gate.rs",
    "src/access/system.rs",
    "src/control/login/pages.rs",
    "src/control/tenants/migrate.rs",
    "src/control/tenants/purge.rs",
    "src/tenant/fields/build.rs",
];

#[test]
fn no_handler_holds_the_provisioning_log_in() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = BTreeSet::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).is_ok_and(|text| text.contains(".provisioner"))
            {
                named.insert(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    named.retain(|path| !path.starts_with("src/cli/"));
    let allowed: BTreeSet<String> = PROVISIONING.iter().map(ToString::to_string).collect();
    assert_eq!(
        named.difference(&allowed).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    let unused: Vec<_> = allowed.difference(&named).collect();
    assert!(unused.is_empty(), "no longer needed: {unused:?}");
}
