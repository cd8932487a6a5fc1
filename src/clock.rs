//! The only caller of "now".

use chrono::{DateTime, Utc};

/// The present moment, in UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
