//! The program `mandant`.

fn main() {}
