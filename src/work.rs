//! Every kind of background work: each slice's jobs.

use crate::jobs::Kind;
use crate::tenant::{fields, recipients};

/// What the runner can do.
pub static KINDS: &[Kind] = &[
    Kind {
        name: fields::orders::BUILD_JOB,
        work: fields::build::work,
    },
    recipients::bulk::KIND,
];
