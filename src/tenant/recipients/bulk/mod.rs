//! Bulk acts: the same change for many recipients, as a job of batches, each a transaction.
//!
//! Before each batch the job notes how far it is and whom the batch is about (`Progress`), so that one that
//! was cut off goes on at its batch: whether that was committed or not, doing it again changes nothing, and
//! it is counted once.

pub mod entry;

use super::query::{self, Cursor, Filter, Search, Sort};
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
            search: filter.search.words().to_owned(),
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
                let all = fields::askable(conn)?;
                let catalog = fields::catalog(&all)?;
                let rule = rule
                    .as_ref()
                    .map(|rule| CheckedRule::from_stored(rule, &catalog))
                    .transpose()
                    // A rule that no longer fits, or that its author may no longer ask, must not become a
                    // wider one.
                    .map_err(|faults| AppError::internal(format!("rule: {faults:?}")))?;
                Ok(Filter {
                    rule,
                    search: Search::by(search, &all),
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
        run(app, &access, &order, job, reporter)
    } else {
        let access = SystemAccess::<ChangeRecipients>::new(job.scope, job.user, Source::Bulk);
        run(app, &access, &order, job, reporter)
    }
}

/// How far a job is; kept in its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// How many there were at the beginning.
    total: i64,
    /// How many are done.
    done: i64,
    /// All up to here are.
    after: RecipientId,
    /// The batch at work.
    batch: Option<Batch>,
}

/// A batch that was begun: up to this recipient, so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Batch {
    upto: RecipientId,
    count: i64,
}

/// The key in the payload.
const PROGRESS: &str = "progress";

fn run<R: Right<Mode = Write>>(
    app: &App,
    access: &SystemAccess<R>,
    order: &Order,
    job: &Taken,
    reporter: &Reporter<'_>,
) -> Result<Outcome> {
    let kept = job.payload.get(PROGRESS).cloned();
    let mut at = match kept.and_then(|kept| serde_json::from_value(kept).ok()) {
        Some(at) => at,
        None => access.run(app, |conn| begin(conn, &order.whom))?,
    };
    let mut payload = job.payload.clone();
    loop {
        let batch = match at.batch {
            Some(begun) => begun,
            None => match access.run(app, |conn| next(conn, &order.whom, at))? {
                Some(next) => next,
                None => break,
            },
        };
        at.batch = Some(batch);
        payload[PROGRESS] = serde_json::json!(at);
        if reporter.report_at(at.done, at.total, &payload)? == Go::Stop {
            access.run(app, |conn| entry::over(conn, job.id, at.done, true))?;
            return Ok(Outcome::Cancelled);
        }
        patiently(|| {
            access.run(app, |conn| {
                let ids = within(conn, &order.whom, at.after, batch.upto)?;
                if ids.is_empty() {
                    return Ok(());
                }
                apply(conn, &order.act, &ids)
            })
        })?;
        at = Progress {
            done: at.done + batch.count,
            after: batch.upto,
            batch: None,
            ..at
        };
    }
    at.total = at.total.max(at.done);
    payload[PROGRESS] = serde_json::json!(at);
    reporter.report_at(at.done, at.total, &payload)?;
    access.run(app, |conn| entry::over(conn, job.id, at.done, false))?;
    Ok(Outcome::Done)
}

fn begin<M: Mode>(conn: &mut TenantConn<'_, M>, whom: &Whom) -> Result<Progress> {
    let total = match whom {
        Whom::Chosen(ids) => ids.len() as i64,
        Whom::Matching { .. } => {
            let filter = whom.filter(conn)?;
            query::exact_count(conn, &filter)?.count
        }
    };
    Ok(Progress {
        total,
        done: 0,
        after: RecipientId(0),
        batch: None,
    })
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

/// The next batch; none at the end.
fn next<M: Mode>(conn: &mut TenantConn<'_, M>, whom: &Whom, at: Progress) -> Result<Option<Batch>> {
    let end = match whom {
        // One batch, however many.
        Whom::Chosen(ids) => {
            let upto = ids.iter().max().filter(|_| at.done == 0);
            return Ok(upto.map(|upto| Batch {
                upto: *upto,
                count: ids.len() as i64,
            }));
        }
        Whom::Matching { last, .. } => *last,
    };
    let ids = within(conn, whom, at.after, end)?;
    Ok(ids.last().map(|upto| Batch {
        upto: *upto,
        count: ids.len() as i64,
    }))
}

/// Those meant who lie behind `after` and up to `upto`, a batch of them at most.
fn within<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    whom: &Whom,
    after: RecipientId,
    upto: RecipientId,
) -> Result<Vec<RecipientId>> {
    if let Whom::Chosen(ids) = whom {
        return Ok(ids.clone());
    }
    let filter = whom.filter(conn)?;
    let order = Sort {
        by: None,
        descending: false,
    };
    let page = query::page(
        conn,
        &[],
        &filter,
        &order,
        Some(&Cursor::at(after.0)),
        BATCH,
    )?;
    let ids = page.rows.iter().map(|row| row.id);
    Ok(ids.filter(|id| *id <= upto).collect())
}

fn apply(conn: &mut TenantConn<'_, Write>, act: &Act, ids: &[RecipientId]) -> Result<()> {
    match act {
        Act::Set { field, value } => {
            let all = fields::all(conn)?;
            let field = all
                .iter()
                .find(|known| known.id == *field && known.is_editable() && !known.is_unique)
                .ok_or(AppError::NotFound)?;
            write::set_all(conn, ids, &Assignment::by_hand(field, value.clone())?)?;
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
