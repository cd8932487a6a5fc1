//! Makes sure that the front-end files are there, so that a bare `cargo build` in a fresh clone works.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=package-lock.json");
    println!("cargo:rerun-if-changed=static/icons.txt");
    println!("cargo:rerun-if-changed=script/assets");
    println!("cargo:rerun-if-changed=static/vendor/stamp");
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=locales");
    let done = Command::new("script/assets").status();
    let fetched = done.is_ok_and(|status| status.success());
    assert!(
        fetched || Path::new("static/vendor/stamp").exists(),
        "script/assets could not fetch the front-end files"
    );
}
