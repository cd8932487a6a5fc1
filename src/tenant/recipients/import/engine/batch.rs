//! Rows as text for PostgreSQL's COPY.

use crate::tenant::recipients::import::stage::{Counts, Problem};

/// Rows ready to be staged.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) text: Vec<u8>,
    pub(super) staged: usize,
    /// Lines behind which the import goes on after this batch.
    pub(super) last_line: u64,
    pub(super) rows: i64,
    pub(super) counts: Counts,
    pub(super) noted: i64,
    pub(super) problems: Vec<Problem>,
}

pub(super) fn escape(out: &mut Vec<u8>, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.push(byte),
        }
    }
}
