//! The mails that a user was sent, on his page: whoever waits for one is told here what became of it.

use crate::control::mail::Sent;
use crate::web::{Cell, Frame, Table};

/// The latest first: what, when, and what became of it.
pub(super) fn table(p: &Frame, all: &[Sent]) -> Table {
    let columns = ["mails-what", "mails-written", "mails-state", "mails-answer"];
    let mut table = Table::new(p.t("mails-title"), columns.map(|key| p.t(key)));
    for mail in all {
        let (kind, state) = match mail.state.as_str() {
            "sent" => ("success", "mails-sent"),
            "failed" => ("danger", "mails-failed"),
            _ if mail.tries > 0 => ("warning", "mails-again"),
            _ => ("secondary", "mails-waiting"),
        };
        table.row(vec![
            Cell::Text(p.t(&format!("mails-{}", mail.kind))),
            Cell::Moment(p.t.moment(&mail.created_at)),
            Cell::Badge(kind, p.t(state)),
            Cell::Text(mail.error.clone().unwrap_or_default()),
        ]);
    }
    table
}
