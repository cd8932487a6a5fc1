//! Every kind of background work: each slice's jobs.

use crate::control::{links, mail};
use crate::jobs::Kind;
use crate::tenant::fields;
use crate::tenant::recipients::{self, import};

/// What the runner can do.
pub static KINDS: &[Kind] = &[
    Kind {
        name: fields::orders::BUILD_JOB,
        work: fields::build::work,
    },
    Kind {
        name: import::job::KIND,
        work: import::job::work,
    },
    Kind {
        name: import::job::HERE,
        work: import::job::break_off,
    },
    recipients::bulk::KIND,
    recipients::erase::KIND,
    mail::send::KIND,
    links::forgot::KIND,
];
