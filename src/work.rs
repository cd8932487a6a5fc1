//! Every kind of background work: each slice's jobs.

use crate::jobs::Kind;

/// What the runner can do.
pub static KINDS: &[Kind] = &[];
