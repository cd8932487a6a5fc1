//! The command line's verbs that work in a tenant: named with another tenant's things they find nothing,
//! and nothing of what they print is foreign.

use super::unchanged;
use super::world::World;
use secrecy::ExposeSecret;
use std::process::{Command, Output, Stdio};

/// The verbs that have a case here; a new one that takes `--tenant` fails the first test.
const VERBS: &[&str] = &[
    "audit verify",
    "field create",
    "field list",
    "list create",
    "recipients count",
    "recipients export",
    "recipients import",
    "recipients list",
    "token create",
    "user create",
];

fn mandant(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mandant"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(world: &World, arguments: &[&str]) -> Output {
    mandant(arguments)
        .arg("--database-url")
        .arg(world.app.db.database.url.expose_secret())
        .arg("--files-dir")
        .arg(world.app.db.files())
        .output()
        .unwrap()
}

fn help(verb: &str) -> String {
    let mut words: Vec<&str> = verb.split_whitespace().collect();
    words.push("--help");
    String::from_utf8(mandant(&words).output().unwrap().stdout).unwrap()
}

/// The words under "Commands:" in a help text.
fn below(verb: &str) -> Vec<String> {
    help(verb)
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .map(|word| format!("{verb} {word}").trim().to_owned())
        .collect()
}

#[test]
fn every_verb_that_names_a_tenant_has_its_case() {
    let mut found: Vec<String> = below("")
        .iter()
        .flat_map(|verb| {
            let acts = below(verb);
            if acts.is_empty() {
                vec![verb.clone()]
            } else {
                acts
            }
        })
        .filter(|verb| help(verb).contains("--tenant <"))
        .collect();
    found.sort();
    assert_eq!(found, VERBS);
}

/// Fails if anything printed carries a mark.
fn silent(output: &Output, arguments: &[&str], marks: &[&str]) {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).to_lowercase();
    for mark in marks {
        assert!(
            !said.contains(mark),
            "{arguments:?} tells of {mark}: {said}"
        );
    }
}

#[test]
fn what_the_verbs_print_is_the_tenants_own() {
    let world = World::new();
    for (tenant, own, marks) in [
        ("nord", "zqrest", &["zqsued", "zqmain"][..]),
        ("nord/x", "zqx", &["zqsued", "zqmain", "zqy", "zqrest"][..]),
    ] {
        for verb in [
            &["recipients", "list"][..],
            &["recipients", "export"],
            &["recipients", "count"],
            &["field", "list"],
            &["audit", "verify"],
        ] {
            let arguments = [verb, &["--tenant", tenant, "--json"]].concat();
            let output = run(&world, &arguments);
            assert!(output.status.success(), "{arguments:?}: {output:?}");
            silent(&output, &arguments, marks);
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(
                !matches!(verb[1], "list" | "export") || verb[0] == "field" || said.contains(own),
                "{arguments:?} shows nothing of its own: {said}"
            );
        }
    }
}

#[test]
fn what_is_anothers_is_not_found_by_the_verbs() {
    let world = World::new();
    let before = world.all_rows();
    let file = world.app.db.files().join("new.csv");
    std::fs::write(&file, "email\nnew@example.org\n").unwrap();
    let import = ["recipients", "import", "--file", file.to_str().unwrap()];
    let token = ["token", "create", "--name", "shop", "--json"];
    let mut tries: Vec<Vec<&str>> = Vec::new();
    let (of_sued, of_y) = (world.sued.list.to_string(), world.y.list.to_string());
    for (tenant, list) in [("nord", &of_sued), ("nord/x", &of_y), ("nord/x", &of_sued)] {
        tries.push([&import[..], &["--tenant", tenant, "--list", list]].concat());
    }
    for tenant in ["nord", "nord/x"] {
        tries.push(
            [
                &import[..],
                &["--tenant", tenant, "--profile", "Profile zqsued"],
            ]
            .concat(),
        );
        // Who has no place in the tenant gets no token for it.
        tries.push(
            [
                &token[..],
                &["--tenant", tenant, "--email", world.sued.email],
            ]
            .concat(),
        );
    }
    tries.push(
        [
            &import[..],
            &["--tenant", "nord/x", "--profile", "Profile zqy"],
        ]
        .concat(),
    );
    for key in ["zqsued_feld", "zqmain_feld"] {
        let wish = if key == "zqsued_feld" {
            "zqsued_feld = 'a'"
        } else {
            "zqmain_feld = 'a'"
        };
        for verb in ["list", "count", "export"] {
            tries.push(vec![
                "recipients",
                verb,
                "--tenant",
                "nord",
                "--where",
                wish,
            ]);
        }
    }
    for arguments in &tries {
        let output = run(&world, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
        silent(&output, arguments, &["firma zq", "user zq", "@zq"]);
    }
    unchanged(&before, &world.all_rows());
}

#[test]
fn an_inner_tenants_verbs_answer_alike_whoever_exists_outside() {
    let world = World::new();
    let mut said = Vec::new();
    for (n, email) in ["hidden@zqrest.example", "nobody@zqrest.example"]
        .iter()
        .enumerate()
    {
        let file = world.app.db.files().join(format!("one{n}.csv"));
        std::fs::write(&file, format!("email\n{email}\n")).unwrap();
        let file = file.to_str().unwrap();
        let list = world.x.list.to_string();
        let output = run(
            &world,
            &[
                "recipients",
                "import",
                "--tenant",
                "nord/x",
                "--file",
                file,
                "--list",
                &list,
                "--json",
            ],
        );
        assert!(output.status.success(), "{output:?}");
        let mut answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["seconds"] = 0.into();
        said.push((answer, String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0].0["created"], 1);
}

#[test]
fn inner_tenants_have_no_fields_and_lists_of_their_own() {
    let world = World::new();
    let before = world.all_rows();
    for arguments in [
        &[
            "field", "create", "--tenant", "nord/x", "--key", "size", "--type", "text",
        ][..],
        &["list", "create", "--tenant", "nord/x", "--name", "Own"],
        &[
            "user",
            "create",
            "--tenant",
            "nord/z",
            "--email",
            "a@example.org",
            "--name",
            "A",
            "--role",
            "viewer",
        ],
    ] {
        let output = run(&world, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        silent(&output, arguments, &["zqy", "zqrest", "zqsued"]);
    }
    unchanged(&before, &world.all_rows());
}
