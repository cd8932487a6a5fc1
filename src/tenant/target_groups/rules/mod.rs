//! The rule language: `country = 'DE' and (age >= 18 or not newsletter = yes)`.
//!
//! A rule is text to its author, a tree with field ids where it is kept, and SQL where it is
//! applied: `parse` -> `check` -> [`CheckedRule`] -> `sql`. Only `check` makes a [`CheckedRule`],
//! and only `sql` turns one into SQL. Fences of inner tenants, filters of the recipient list and
//! `--where` on the command line all come through here.
//!
//! What a rule means:
//! - A condition is true or false, never unknown. An empty value equals nothing and is neither
//!   smaller nor larger than anything; so `city != 'Bonn'` and `not (age > 3)` hold for
//!   recipients without a city or an age.
//! - Text counts as empty when it is missing or has no characters.
//! - `=` on text is exact. Addresses and choices ignore case, because the literal is brought into
//!   the form in which they are stored. `contains`, `starts_with` and `ends_with` ignore case.
//! - A day compared with a moment means the whole day, in UTC; a moment written without an offset
//!   is UTC too.
//! - `and` binds tighter than `or`, `not` tighter than both.
//!
//! It does not know subscriptions or reactions, and reads no database: the caller hands it a
//! [`Catalog`] of the tenant's fields.

mod catalog;
mod check;
mod lex;
mod literal;
mod message;
mod parse;
mod show;
mod sql;
mod stored;
#[cfg(test)]
mod tests;
mod tree;

pub use catalog::{Catalog, Column, FieldRef};
pub use check::{CheckedRule, check};
pub use message::{Problem, RuleError, Wanted};
pub use parse::{MAX_CONDITIONS, MAX_DEPTH, MAX_LENGTH, Rule, parse};
pub use sql::{RuleFilter, SqlText};

/// Parses and checks in one go, for text that somebody typed.
pub fn read(text: &str, catalog: &Catalog) -> Result<CheckedRule, Vec<RuleError>> {
    let rule = parse(text).map_err(|error| vec![error])?;
    check(&rule, catalog)
}
