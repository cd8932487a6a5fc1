//! All tests that are not a module's own, as one binary: a binary more would be linked once more.
//!
//! A new file goes beside this one and is named here; what concerns one slice mirrors its path in `src`.

#![expect(
    clippy::disallowed_methods,
    reason = "tests talk to the database in ways that the program must not"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a test's helper that cannot go on fails its test, as the test itself would"
)]

mod api;
mod architecture;
mod attacks;
mod audit;
mod backup;
mod bench;
mod crash;
mod dashboard;
mod embedded;
mod erase;
mod exports;
mod fields;
mod i18n;
mod import;
mod isolation;
mod leaks;
mod licences;
mod login;
mod mail;
mod policy;
mod recipients;
mod rights;
mod support;
mod tenants;
mod together;
mod undo;
mod users;
