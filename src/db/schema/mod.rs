//! The tables as diesel knows them.
//!
//! The tenant's tables have no schema in their names: `search_path` decides, so that one query serves
//! separate and inner tenants alike.

#![expect(missing_docs, reason = "the migrations say what a column is")]

pub mod control;
pub mod tenant;
