//! A recipient's page: fields by group, subscriptions, history.

use super::super::history::{self, Entry, What};
use super::super::show::show as shown;
use super::super::state::STATUSES;
use super::super::subscriptions::{self, Subscription};
use super::super::{query, write};
use super::list::status_text;
use super::may_delete;
use super::{Which, frame};
use crate::access::rights::{ChangeRecipients, ViewRecipientHistory, ViewRecipients};
use crate::access::{Access, ControlAccess};
use crate::control::users;
use crate::db::ids::{ListId, UserId};
use crate::error::Result;
use crate::tenant::fields::{self, Field};
use crate::tenant::lists::{self, List};
use crate::web::flash::Undo;
use crate::web::form::Submitted;
use crate::web::page::see_other_undoable;
use crate::web::{Cell, FormView, Frame, Input, InputKind, Table, see_other_saying};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use validator::Validate;

/// Changes shown on the page.
const CHANGES: i64 = 100;

#[derive(Template)]
#[template(path = "tenant/recipients/show.html")]
struct Show {
    p: Frame,
    acts: Vec<(String, String)>,
    groups: Vec<Group>,
    subscriptions: Table,
    form: Option<FormView>,
    /// Nothing for whoever may not see it.
    history: Option<Table>,
}

/// Heading (empty for none), and the label and value of its fields.
type Group = (String, Vec<(String, String)>);

struct Loaded {
    fields: Vec<Field>,
    values: Vec<Option<String>>,
    subscriptions: Vec<Subscription>,
    lists: Vec<List>,
    history: Vec<Entry>,
}

/// GET `…/recipients/{id}`.
pub async fn show(
    access: Access<ViewRecipients>,
    above: ControlAccess<ViewRecipients>,
    which: web::Path<Which>,
) -> Result<HttpResponse> {
    let id = which.open(&access)?;
    let history = access.tenant().allows::<ViewRecipientHistory>().is_ok();
    let loaded = access
        .run(move |conn| {
            let fields = fields::all(conn)?;
            let columns = fields
                .iter()
                .map(Field::shown)
                .collect::<Result<Vec<_>>>()?;
            Ok(Loaded {
                values: query::one(conn, id, &columns)?.values,
                subscriptions: subscriptions::of(conn, id)?,
                lists: lists::all(conn)?,
                history: if history {
                    history::of(conn, id, CHANGES)?
                } else {
                    Vec::new()
                },
                fields,
            })
        })
        .await?;
    let ids: BTreeSet<UserId> = loaded
        .history
        .iter()
        .filter_map(|entry| entry.user)
        .collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let tenant = access.tenant().id;
    let names = above
        .run(move |conn| users::query::names(conn.pg(), tenant, &ids))
        .await?;
    let p = frame(&access, "recipients-title");
    let page = Show {
        acts: acts(&p, &which.id),
        groups: groups(&p, &loaded)?,
        subscriptions: subscription_table(&p, &loaded.subscriptions),
        form: subscription_form(&p, &which.id, &loaded),
        history: if history {
            Some(history_table(&p, &loaded, &names)?)
        } else {
            None
        },
        p: match address(&loaded) {
            Some(address) => p.titled(address),
            None => p,
        },
    };
    page.p.clone().render(|_| page)
}

/// What he is called: his address, as far as it may be seen.
fn address(loaded: &Loaded) -> Option<String> {
    let mut all = loaded.fields.iter().zip(&loaded.values);
    let is_address = |field: &Field| field.standard_column.as_deref() == Some("email");
    all.find(|(field, _)| is_address(field))?.1.clone()
}

fn acts(p: &Frame, sealed: &str) -> Vec<(String, String)> {
    let mut acts = Vec::new();
    for (right, key, act) in [
        ("recipients.change", "recipient-edit", "edit"),
        ("recipients.delete", "delete", "delete"),
    ] {
        if p.may(right) && (act != "delete" || may_delete(p)) {
            acts.push((p.t(key), p.url(&format!("/recipients/{sealed}/{act}"))));
        }
    }
    acts
}

fn groups(p: &Frame, loaded: &Loaded) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for (field, value) in loaded.fields.iter().zip(&loaded.values) {
        let pair = (
            field.label(p.t.language()).to_owned(),
            shown(&p.t, &field.shown_kind()?, value.as_deref()),
        );
        match groups
            .iter_mut()
            .find(|(name, _)| *name == field.field_group)
        {
            Some((_, pairs)) => pairs.push(pair),
            None => groups.push((field.field_group.clone(), vec![pair])),
        }
    }
    Ok(groups)
}

fn badge(p: &Frame, status: &str) -> Cell {
    let kind = match status {
        "active" => "success",
        "waiting" => "warning",
        "bounced" | "blocked" => "danger",
        _ => "secondary",
    };
    Cell::Badge(kind, status_text(&p.t, status))
}

fn source_text(p: &Frame, source: &str) -> String {
    match source {
        "form" | "api" | "import" | "bulk" | "cli" | "system" => p.t(&format!("source-{source}")),
        other => other.to_owned(),
    }
}

fn subscription_table(p: &Frame, all: &[Subscription]) -> Table {
    let headings = [
        "subscription-list",
        "subscription-status",
        "subscription-since",
        "subscription-source",
        "subscription-consent",
    ];
    let mut table = Table::new(p.t("subscriptions-title"), headings.map(|key| p.t(key)));
    for one in all {
        let consent = match (&one.consent, &one.consent_at) {
            (Some(text), Some(at)) => format!("{text} ({})", p.t.moment(at)),
            (Some(text), None) => text.clone(),
            (None, _) => String::new(),
        };
        table.row(vec![
            Cell::Text(one.name.clone()),
            badge(p, &one.status),
            Cell::Moment(p.t.moment(&one.since)),
            Cell::Text(source_text(p, &one.source)),
            Cell::Text(consent),
        ]);
    }
    table
}

/// One form for all lists: a list, the status there, and what the recipient agreed to.
fn subscription_form(p: &Frame, sealed: &str, loaded: &Loaded) -> Option<FormView> {
    if !p.may("recipients.change") || loaded.lists.is_empty() {
        return None;
    }
    let lists = loaded
        .lists
        .iter()
        .map(|list| (list.id.to_string(), list.name.clone()))
        .collect();
    let statuses = STATUSES
        .iter()
        .map(|status| ((*status).to_owned(), status_text(&p.t, status)))
        .collect();
    let action = p.url(&format!("/recipients/{sealed}/subscriptions"));
    let consent = Input::new(InputKind::Area(2), "consent", p.t("subscription-consent"))
        .help(p.t("subscription-consent-help"));
    Some(
        FormView::new(action, p.t("subscription-save"))
            .input(Input::select("list", p.t("subscription-list"), lists, ""))
            .input(Input::select(
                "status",
                p.t("subscription-status"),
                statuses,
                "active",
            ))
            .input(consent),
    )
}

fn history_table(p: &Frame, loaded: &Loaded, names: &BTreeMap<UserId, String>) -> Result<Table> {
    let headings = [
        "history-at",
        "history-who",
        "history-source",
        "history-what",
        "history-old",
        "history-new",
    ];
    let mut table = Table::new(p.t("history-title"), headings.map(|key| p.t(key)));
    for entry in &loaded.history {
        let who = match entry.user {
            Some(id) => names
                .get(&id)
                .cloned()
                .unwrap_or_else(|| p.t("history-user-gone")),
            None => String::new(),
        };
        for (what, old, new) in differences(p, &loaded.fields, entry)? {
            table.row(
                [
                    p.t.moment(&entry.at),
                    who.clone(),
                    source_text(p, &entry.source),
                    what,
                    old,
                    new,
                ]
                .map(Cell::Text)
                .to_vec(),
            );
        }
    }
    Ok(table)
}

/// What, old, new. Fields that are hidden or gone say nothing.
fn differences(
    p: &Frame,
    fields: &[Field],
    entry: &Entry,
) -> Result<Vec<(String, String, String)>> {
    match &entry.what {
        What::Subscription { name, old, new, .. } => {
            let text = |status: &Option<String>| {
                status
                    .as_deref()
                    .map(|status| status_text(&p.t, status))
                    .unwrap_or_default()
            };
            Ok(vec![(name.clone(), text(old), text(new))])
        }
        What::Fields(changes) => {
            let mut all = Vec::new();
            for (id, old, new) in changes {
                if let Some(field) = fields.iter().find(|field| field.id == *id) {
                    let kind = field.shown_kind()?;
                    let told = |value: &Option<String>| {
                        let seen = field.seen(value.as_deref())?;
                        Ok::<_, crate::error::AppError>(shown(&p.t, &kind, seen.as_deref()))
                    };
                    let label = field.label(p.t.language()).to_owned();
                    all.push((label, told(old)?, told(new)?));
                }
            }
            Ok(all)
        }
    }
}

/// A subscription as the page's form sends it.
#[derive(Debug, Deserialize, Validate)]
pub struct Wanted {
    list: ListId,
    status: String,
    #[serde(default)]
    #[validate(length(max = 5000))]
    consent: String,
}

/// POST `…/recipients/{id}/subscriptions`.
pub async fn subscribe(
    access: Access<ChangeRecipients>,
    which: web::Path<Which>,
    form: Submitted<Wanted>,
) -> Result<HttpResponse> {
    let id = which.open(&access)?;
    let back = format!("{}/recipients/{}", access.tenant().base(), which.id);
    let Ok(form) = form.validated() else {
        return Ok(crate::web::see_other(&back));
    };
    let list = form.list.to_string();
    let before = access
        .run(move |conn| {
            let before = subscriptions::of(conn, id)?;
            write::set_subscription(conn, id, form.list, &form.status, &form.consent)?;
            Ok(before.into_iter().find(|one| one.list == form.list))
        })
        .await?;
    // Who was never on the list cannot be taken off it without a trace.
    Ok(match before {
        Some(before) => {
            let undo = Undo::new(
                access.context(),
                format!("{back}/subscriptions"),
                &[("list", &list), ("status", &before.status)],
            );
            see_other_undoable(&back, "said-subscription-saved", &[], undo)
        }
        None => see_other_saying(&back, "success", "said-subscription-saved", &[]),
    })
}
