//! Every benchmark runs end to end at a tiny size, so that none rots.

use crate::support::server::Database;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::process::Command;

fn bench(arguments: &[&str]) -> Value {
    let database = Database::new();
    let output = Command::new(env!("CARGO_BIN_EXE_mandant"))
        .arg("bench")
        .args(arguments)
        .arg("--json")
        .env("MANDANT_DATABASE_URL", database.url.expose_secret())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn lists_are_measured_from_every_fence() {
    let all = bench(&["lists", "--rows", "1000", "--times", "2"]);
    let named: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["what"].as_str().unwrap())
        .collect();
    for view in ["open", "rule 30 %", "list 30 %", "list 0.1 %"] {
        let of = |what: &&&str| what.starts_with(&format!("{view}:"));
        assert_eq!(named.iter().filter(of).count(), 9, "{named:?}");
    }
    assert!(
        all.as_array()
            .unwrap()
            .iter()
            .all(|one| one["median_ms"].as_f64().unwrap() > 0.0)
    );
}

#[test]
fn tenants_are_measured_with_the_memory_of_a_server() {
    let figures = bench(&["tenants", "--count", "2"]);
    assert_eq!(figures["times"].as_array().unwrap().len(), 4);
    assert!(figures["idle_mb_after"].as_f64().unwrap() > 1.0);
}

#[test]
fn requests_are_measured_beside_their_statements() {
    let outcome = bench(&[
        "requests",
        "--rows",
        "1000",
        "--connections",
        "2",
        "--seconds",
        "1",
    ]);
    for what in ["pages", "bare"] {
        assert!(
            outcome[what]["per_second"].as_f64().unwrap() > 0.0,
            "{outcome}"
        );
    }
    assert!(outcome["times_as_long"].as_f64().unwrap() > 0.0);
}

#[test]
fn imports_are_measured_beside_plain_copy() {
    let ways = bench(&["import", "--rows", "1000"]);
    let counts: Vec<_> = ways
        .as_array()
        .unwrap()
        .iter()
        .map(|way| ["created", "updated", "unchanged", "refused"].map(|what| way[what].as_i64()))
        .collect();
    let some = |counts: [i64; 4]| counts.map(Some);
    assert_eq!(
        counts[1..],
        [
            some([1000, 0, 0, 0]),
            some([0, 0, 1000, 0]),
            some([0, 100, 900, 0])
        ]
    );
    for way in ways.as_array().unwrap() {
        assert!(way["rows_per_second"].as_f64().unwrap() > 0.0, "{way}");
    }
}

#[test]
fn rights_are_measured_beside_plain_statements_and_log_ins_beside_hashes() {
    let size = ["--tenants", "120", "--users", "200", "--roles", "20"];
    let figures = bench(&[&["rights", "--times", "4", "--seconds", "1"], &size[..]].concat());
    assert_eq!(figures["times"].as_array().unwrap().len(), 8, "{figures}");
    assert!(figures["held_by"].as_i64().unwrap() > 10, "{figures}");
    assert!(
        figures["times_as_long"].as_f64().unwrap() > 0.5,
        "{figures}"
    );
}
