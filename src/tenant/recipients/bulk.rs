//! Bulk acts: the same change for many recipients, as a job of batches, each a transaction.
//!
//! A job that is taken up again after a crash starts from the beginning; what is done already changes
//! nothing any more, so it is merely passed over.

use super::query::{self, Cursor, Filter, Sort};
use super::write::{self, Assignment};
use crate::access::SystemAccess;
use crate::access::rights::{ChangeRecipients, DeleteRecipients, Right};
use crate::app::App;
use crate::db::ids::{FieldId, ListId, RecipientId};
use crate::db::{Mode, Source, TenantConn, Write};
use crate::error::{AppError, Result};
use crate::jobs::{Go, Kind as JobKind, Outcome, Reporter, Taken};
use crate::tenant::fields;
use crate::tenant::target_groups::rules::CheckedRule;
use serde::{Deserialize, Serialize};

/// The jobs of this slice.
pub const KIND: JobKind = JobKind {
    name: "recipients.bulk",
    work,
};

/// Recipients of a batch.
const BATCH: i64 = 5_000;
/// How often a batch is tried.
const TRIES: usize = 5;

/// What is done to each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "lowercase")]
pub enum Act {
    /// A field gets a value.
    Set {
        /// The field.
        field: FieldId,
        /// Canonical text; none empties it.
        value: Option<String>,
    },
    /// Those not on the list are put on it; who left it stays off.
    Subscribe {
        /// The list.
        list: ListId,
        /// What they agreed to.
        consent: Option<String>,
    },
    /// Those on the list are taken off.
    Unsubscribe {
        /// The list.
        list: ListId,
    },
    /// They go.
    Delete {
        /// Only from the lists that fence this inner tenant.
        only_lists: bool,
    },
}

/// Whom it concerns, kept so that renaming a field changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whom {
    /// These.
    Chosen(Vec<RecipientId>),
    /// All that match.
    Matching {
        /// A stored rule.
        rule: Option<serde_json::Value>,
        /// Words of address or name.
        search: String,
        /// On this list, in this status.
        list: Option<(ListId, Option<String>)>,
        /// Who came later is not meant.
        last: RecipientId,
    },
}

/// What the queue keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What.
    pub act: Act,
    /// Whom.
    pub whom: Whom,
}

impl Whom {
    /// All that a filter finds now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn matching<M: Mode>(conn: &mut TenantConn<'_, M>, filter: &Filter) -> Result<Self> {
        let newest = query::page(conn, &[], &Filter::default(), &Sort::default(), None, 1)?;
        Ok(Self::Matching {
            rule: filter.rule.as_ref().map(CheckedRule::to_stored),
            search: filter.search.clone(),
            list: filter.list.clone(),
            last: newest.rows.first().map_or(RecipientId(0), |row| row.id),
        })
    }

    fn filter<M: Mode>(&self, conn: &mut TenantConn<'_, M>) -> Result<Filter> {
        match self {
            Self::Chosen(_) => Ok(Filter::default()),
            Self::Matching {
                rule, search, list, ..
            } => {
                let catalog = fields::catalog(&fields::all(conn.pg())?)?;
                let rule = rule
                    .as_ref()
                    .map(|rule| CheckedRule::from_stored(rule, &catalog))
                    .transpose()
                    // A rule that no longer fits must not become a wider one.
                    .map_err(|faults| AppError::internal(format!("rule: {faults:?}")))?;
                Ok(Filter {
                    rule,
                    search: search.clone(),
                    list: list.clone(),
                })
            }
        }
    }
}

fn work(app: &App, job: &Taken, reporter: &Reporter<'_>) -> Result<Outcome> {
    let order: Order = serde_json::from_value(job.payload.clone())
        .map_err(|error| AppError::internal(format!("bulk order: {error}")))?;
    if matches!(order.act, Act::Delete { .. }) {
        let access = SystemAccess::<DeleteRecipients>::new(job.scope, job.user, Source::Bulk);
        run(app, &access, &order, reporter)
    } else {
        let access = SystemAccess::<ChangeRecipients>::new(job.scope, job.user, Source::Bulk);
        run(app, &access, &order, reporter)
    }
}

fn run<R: Right<Mode = Write>>(
    app: &App,
    access: &SystemAccess<R>,
    order: &Order,
    reporter: &Reporter<'_>,
) -> Result<Outcome> {
    let total = access.run(app, |conn| match &order.whom {
        Whom::Chosen(ids) => Ok(ids.len() as i64),
        Whom::Matching { .. } => {
            let filter = order.whom.filter(conn)?;
            Ok(query::exact_count(conn, &filter)?.count)
        }
    })?;
    let (mut done, mut after) = (0, None);
    loop {
        if reporter.report(done, Some(total))? == Go::Stop {
            return Ok(Outcome::Cancelled);
        }
        let (ids, next) = patiently(|| {
            access.run(app, |conn| {
                let (ids, next) = batch(conn, &order.whom, after.as_ref())?;
                if !ids.is_empty() {
                    apply(conn, &order.act, &ids)?;
                }
                Ok((ids, next))
            })
        })?;
        done += ids.len() as i64;
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    reporter.report(done, Some(total.max(done)))?;
    Ok(Outcome::Done)
}

/// Does a batch again where others got in its way: a deadlock, or recipients deleted while they were
/// being subscribed.
fn patiently<T>(mut batch: impl FnMut() -> Result<T>) -> Result<T> {
    let in_the_way = |error: &AppError| match error {
        AppError::Constraint(name) => name == "subscriptions_recipient_id_fkey",
        other => other.is_transient(),
    };
    for _ in 1..TRIES {
        match batch() {
            Err(error) if in_the_way(&error) => {}
            outcome => return outcome,
        }
    }
    batch()
}

/// The next ids, and where the batch after them begins.
fn batch<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    whom: &Whom,
    after: Option<&Cursor>,
) -> Result<(Vec<RecipientId>, Option<Cursor>)> {
    match whom {
        Whom::Chosen(ids) => Ok((ids.clone(), None)),
        Whom::Matching { last, .. } => {
            let filter = whom.filter(conn)?;
            let order = Sort {
                by: None,
                descending: false,
            };
            let page = query::page(conn, &[], &filter, &order, after, BATCH)?;
            let found = page.rows.len();
            let ids: Vec<_> = page
                .rows
                .iter()
                .map(|row| row.id)
                .filter(|id| id <= last)
                .collect();
            let next = page.next.filter(|_| ids.len() == found);
            Ok((ids, next))
        }
    }
}

fn apply(conn: &mut TenantConn<'_, Write>, act: &Act, ids: &[RecipientId]) -> Result<()> {
    match act {
        Act::Set { field, value } => {
            let all = fields::all(conn.pg())?;
            let field = all
                .iter()
                .find(|known| known.id == *field && known.mode == "editable" && !known.is_unique)
                .ok_or(AppError::NotFound)?;
            let assignment = Assignment {
                column: field.column()?,
                kind: field.kind()?,
                value: value.clone(),
                unique: false,
            };
            write::set_all(conn, ids, &assignment)?;
        }
        Act::Subscribe { list, consent } => {
            write::subscribe_all(conn, ids, *list, "active", false, consent.as_deref())?;
        }
        Act::Unsubscribe { list } => {
            write::unsubscribe_all(conn, ids, *list)?;
        }
        Act::Delete { only_lists } => {
            write::delete(conn, ids, *only_lists)?;
        }
    }
    Ok(())
}
