//! The form of a recipient, built from the fields: new and changed.
//!
//! Only what differs from what was shown is written. Of two who change the same recipient the second is
//! told: the form carries a mark of the values it was filled with.

use super::super::typed::{canonical, typed};
use super::super::write::{self, Assignment};
use super::super::{fence, query};
use super::{Which, frame, seal};
use crate::access::rights::ChangeRecipients;
use crate::access::{Access, ControlAccess};
use crate::db::ids::{ListId, RecipientId};
use crate::db::schema::tenant::recipients;
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::{self, Field};
use crate::tenant::lists::{self, List};
use crate::web::form::{Errors, FieldError, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use chrono_tz::Tz;
use diesel::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use validator::{Validate, ValidationErrors};

/// What was sent: the fields are the tenant's, so their names are known at run time only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Typed(Vec<(String, String)>);

impl Validate for Typed {
    fn validate(&self) -> std::result::Result<(), ValidationErrors> {
        // Each value is checked against its field, which asks the database.
        Ok(())
    }
}

impl Typed {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn lists(&self) -> Vec<ListId> {
        self.0
            .iter()
            .filter(|(key, _)| key == "lists")
            .filter_map(|(_, value)| value.parse().ok())
            .collect()
    }
}

fn name(field: &Field) -> String {
    format!("f{}", field.id)
}

fn zone<R: crate::access::rights::Right>(access: &Access<R>) -> Tz {
    access.user().time_zone.parse().unwrap_or(Tz::UTC)
}

/// A mark of the values that a form was filled with.
fn mark(values: &[Option<String>]) -> String {
    let mut hash = Sha256::new();
    for value in values {
        match value {
            Some(text) => {
                hash.update((text.len() as u64 + 1).to_be_bytes());
                hash.update(text.as_bytes());
            }
            None => hash.update(0u64.to_be_bytes()),
        }
    }
    hash.finalize()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The input of a field, `text` in it.
fn input(p: &Frame, field: &Field, kind: &Kind, text: String) -> Input {
    let label = field.label(p.t.language());
    let options = |choices: Vec<(String, String)>| {
        let mut all = vec![(String::new(), "–".to_owned())];
        all.extend(choices);
        InputKind::Select(all)
    };
    let (how, max) = match kind {
        Kind::Text { max } if *max > 200 && !field.is_standard() => (InputKind::Area(3), *max),
        Kind::Text { max } => (InputKind::Line("text"), *max),
        Kind::Integer | Kind::Decimal { .. } => (InputKind::Line("text"), 0),
        Kind::Boolean => (
            options(vec![
                ("true".into(), p.t("value-yes")),
                ("false".into(), p.t("value-no")),
            ]),
            0,
        ),
        Kind::Date => (InputKind::Line("date"), 0),
        Kind::DateTime => (InputKind::Line("datetime-local"), 0),
        Kind::Choice { choices } => {
            let german = p.t.language() == "de";
            let label = |choice: &fields::kind::Choice| {
                if german {
                    choice.label_de.clone()
                } else {
                    choice.label_en.clone()
                }
            };
            let all = choices
                .iter()
                .map(|choice| (choice.value.clone(), label(choice)));
            (options(all.collect()), 0)
        }
        Kind::Email => (InputKind::Line("email"), 254),
        Kind::Phone => (InputKind::Line("tel"), 50),
        Kind::Url => (InputKind::Line("url"), 2000),
    };
    let how = if field.mode == "editable" {
        how
    } else {
        InputKind::Fixed
    };
    let mut input = Input::new(how, name(field), label)
        .value(text)
        .help(field.help(p.t.language()))
        .max(max);
    input.required = field.required && field.mode == "editable";
    input
}

/// The inputs in their groups; `text` says what is in each.
fn inputs(
    p: &Frame,
    fields: &[Field],
    text: impl Fn(usize, &Field, &Kind) -> String,
) -> Result<Vec<Input>> {
    let mut all = Vec::new();
    let mut group = "";
    for (index, field) in fields.iter().enumerate() {
        if field.field_group != group {
            group = &field.field_group;
            if !group.is_empty() {
                all.push(Input::new(InputKind::Heading, "", group));
            }
        }
        let kind = field.kind()?;
        let text = text(index, field, &kind);
        all.push(input(p, field, &kind, text));
    }
    Ok(all)
}

/// What is to be written, or what is wrong with it. `now` are the values that stand there.
fn assignments(
    fields: &[Field],
    now: &[Option<String>],
    sent: &Typed,
    zone: Tz,
) -> Result<(Vec<Assignment>, Errors)> {
    let (mut wanted, mut errors) = (Vec::new(), Errors::new());
    for (field, now) in fields.iter().zip(now) {
        let kind = field.kind()?;
        let Some(text) = sent.get(&name(field)).filter(|_| field.mode == "editable") else {
            continue;
        };
        if text.trim() == typed(&kind, now.as_deref(), zone).trim() && !text.trim().is_empty() {
            continue;
        }
        let key = match canonical(&kind, text, zone) {
            Some(None) if field.required => "recipient-required".to_owned(),
            Some(value) if value == *now => continue,
            Some(value) => {
                wanted.push(Assignment {
                    column: field.column()?,
                    kind,
                    value,
                    unique: field.is_unique,
                });
                continue;
            }
            None => format!("recipient-wrong-{}", kind.name()),
        };
        let params = Vec::new();
        errors
            .entry(name(field))
            .or_default()
            .push(FieldError { key, params });
    }
    Ok((wanted, errors))
}

/// Turns a refusal of the database into an error of the form.
fn refusal(fields: &[Field], error: AppError, unmet: &[String]) -> Result<Errors> {
    match error {
        AppError::Constraint(_) => {
            let (field, key) = write::blamed(fields, error)?;
            Ok(error_at(&name(field), key, &[]))
        }
        AppError::OutsideFence if unmet.is_empty() => {
            Ok(error_at("", "recipient-outside-fence", &[]))
        }
        AppError::OutsideFence => Ok(error_at(
            "",
            "recipient-outside-fence-by",
            &[("conditions", unmet.join("; "))],
        )),
        AppError::Invalid { key, params } => Ok(error_at("lists", key, &params)),
        other => Err(other),
    }
}

/// The fields that a form shows.
fn shown(mut all: Vec<Field>) -> Vec<Field> {
    all.retain(|field| field.mode != "hidden");
    all
}

/// GET `…/recipients/new`.
pub async fn new(access: Access<ChangeRecipients>) -> Result<HttpResponse> {
    let (fields, lists) = load_new(&access).await?;
    let sent = Typed(
        fields
            .iter()
            .filter_map(|field| Some((name(field), field.default_value.clone()?)))
            .collect(),
    );
    show_new(&access, &fields, &lists, &sent, None)
}

async fn load_new(access: &Access<ChangeRecipients>) -> Result<(Vec<Field>, Vec<List>)> {
    access
        .run(|conn| {
            let mut fields = shown(fields::all(conn.pg())?);
            fields.retain(|field| field.mode == "editable");
            Ok((fields, lists::all(conn)?))
        })
        .await
}

fn show_new(
    access: &Access<ChangeRecipients>,
    fields: &[Field],
    lists: &[List],
    sent: &Typed,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = frame(access, "recipient-new");
    let text =
        |_: usize, field: &Field, _: &Kind| sent.get(&name(field)).unwrap_or_default().to_owned();
    let mut form = FormView::new(p.url("/recipients/new"), p.t("recipient-create"))
        .inputs(inputs(&p, fields, text)?)
        .cancel(p.url("/recipients"));
    if !lists.is_empty() {
        let options = lists
            .iter()
            .map(|list| {
                (
                    list.id.to_string(),
                    list.name.clone(),
                    list.description.clone(),
                )
            })
            .collect();
        let mut checks = Input::new(InputKind::Checks(options), "lists", p.t("lists-title"));
        checks.values = sent.lists().iter().map(ToString::to_string).collect();
        form = form.input(checks).input(
            Input::new(InputKind::Area(2), "consent", p.t("subscription-consent"))
                .help(p.t("subscription-consent-help"))
                .value(sent.get("consent").unwrap_or_default()),
        );
    }
    let intro = String::new();
    match errors {
        Some(errors) => {
            let form = form.errors(&p.t, errors);
            p.render_again(|p| FormPage { p, intro, form })
        }
        None => p.render(|p| FormPage { p, intro, form }),
    }
}

/// POST `…/recipients/new`.
pub async fn create(
    access: Access<ChangeRecipients>,
    above: ControlAccess<ChangeRecipients>,
    form: Submitted<Typed>,
) -> Result<HttpResponse> {
    let (fields, lists) = load_new(&access).await?;
    let sent = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(faulty) => {
            return show_new(
                &access,
                &fields,
                &lists,
                &faulty.typed,
                Some(&faulty.errors),
            );
        }
    };
    let nothing = vec![None; fields.len()];
    let (mut values, errors) = assignments(&fields, &nothing, &sent, zone(&access))?;
    let errors = missing(&fields, &sent, errors);
    if !errors.is_empty() {
        return show_new(&access, &fields, &lists, &sent, Some(&errors));
    }
    values.retain(|value| value.value.is_some());
    let wanted = sent.clone();
    let asked = values.clone();
    let inner = access.tenant().is_inner();
    let made = access
        .run(move |conn| {
            let consent = wanted.get("consent").unwrap_or_default().trim();
            let consent = Some(consent).filter(|text| !text.is_empty());
            write::enter(conn, &asked, &wanted.lists(), consent)
        })
        .await;
    match made {
        Ok(id) => Ok(created(&access, id.filter(|_| !inner))),
        Err(error) => {
            let unmet = match error {
                AppError::OutsideFence => fence::missed(&access, &above, &fields, values).await?,
                _ => Vec::new(),
            };
            let errors = refusal(&fields, error, &unmet)?;
            show_new(&access, &fields, &lists, &sent, Some(&errors))
        }
    }
}

/// Required fields that were not sent at all.
fn missing(fields: &[Field], sent: &Typed, mut errors: Errors) -> Errors {
    for field in fields {
        let blank = sent
            .get(&name(field))
            .is_none_or(|text| text.trim().is_empty());
        if field.required && blank {
            errors.entry(name(field)).or_default().clear();
            errors.extend(error_at(&name(field), "recipient-required", &[]));
        }
    }
    errors
}

fn created(access: &Access<ChangeRecipients>, id: Option<RecipientId>) -> HttpResponse {
    let base = access.tenant().base();
    match id {
        Some(id) => see_other_saying(
            &format!("{base}/recipients/{}", seal(access).recipient(id)),
            "success",
            "said-recipient-created",
            &[],
        ),
        None => see_other_saying(
            &format!("{base}/recipients"),
            "success",
            "said-recipient-entered",
            &[],
        ),
    }
}

async fn load_one(
    access: &Access<ChangeRecipients>,
    id: RecipientId,
) -> Result<(Vec<Field>, Vec<Option<String>>)> {
    access
        .run(move |conn| {
            let fields = shown(fields::all(conn.pg())?);
            let values = values_of(conn, id, &fields)?;
            Ok((fields, values))
        })
        .await
}

fn values_of(
    conn: &mut TenantConn<'_, Write>,
    id: RecipientId,
    fields: &[Field],
) -> Result<Vec<Option<String>>> {
    let columns = fields
        .iter()
        .map(Field::column)
        .collect::<Result<Vec<_>>>()?;
    Ok(query::one(conn, id, &columns)?.values)
}

/// GET `…/recipients/{id}/edit`.
pub async fn edit(
    access: Access<ChangeRecipients>,
    which: web::Path<Which>,
) -> Result<HttpResponse> {
    let id = which.open(&access)?;
    let (fields, values) = load_one(&access, id).await?;
    show_edit(&access, &which, &fields, &values, None)
}

fn show_edit(
    access: &Access<ChangeRecipients>,
    which: &Which,
    fields: &[Field],
    now: &[Option<String>],
    again: Option<(&Typed, &Errors)>,
) -> Result<HttpResponse> {
    let p = frame(access, "recipient-edit");
    let here = p.url(&format!("/recipients/{}", which.id));
    let zone = zone(access);
    let text = |index: usize, field: &Field, kind: &Kind| {
        let now = now[index].as_deref();
        if field.mode != "editable" {
            return super::super::show::show(&p.t, kind, now);
        }
        again
            .and_then(|(sent, _)| sent.get(&name(field)).map(str::to_owned))
            .unwrap_or_else(|| typed(kind, now, zone))
    };
    let form = FormView::new(format!("{here}/edit"), p.t("save"))
        .inputs(inputs(&p, fields, text)?)
        .input(Input::new(InputKind::Hidden, "seen", "").value(mark(&entered(fields, now))))
        .cancel(here);
    let intro = String::new();
    match again {
        Some((_, errors)) => {
            let form = form.errors(&p.t, errors);
            p.render_again(|p| FormPage { p, intro, form })
        }
        None => p.render(|p| FormPage { p, intro, form }),
    }
}

/// The values that the form can change.
fn entered(fields: &[Field], now: &[Option<String>]) -> Vec<Option<String>> {
    fields
        .iter()
        .zip(now)
        .filter(|(field, _)| field.mode == "editable")
        .map(|(_, value)| value.clone())
        .collect()
}

/// Somebody else changed the recipient: for each field that differs, what stands there now.
fn changed_meanwhile(
    p: &Frame,
    fields: &[Field],
    now: &[Option<String>],
    sent: &Typed,
    zone: Tz,
) -> Result<Errors> {
    let mut errors = error_at("", "recipient-changed-meanwhile", &[]);
    for (field, now) in fields.iter().zip(now) {
        let kind = field.kind()?;
        let text = sent.get(&name(field)).unwrap_or_default();
        if field.mode == "editable" && text.trim() != typed(&kind, now.as_deref(), zone).trim() {
            let shown = super::super::show::show(&p.t, &kind, now.as_deref());
            let shown = if shown.is_empty() {
                "–".into()
            } else {
                shown
            };
            errors.extend(error_at(
                &name(field),
                "recipient-now-reads",
                &[("value", shown)],
            ));
        }
    }
    Ok(errors)
}

/// How a change went.
enum Changed {
    Done { still_here: bool },
    Meanwhile(Vec<Option<String>>),
    Faulty(Vec<Option<String>>, Errors),
}

/// POST `…/recipients/{id}/edit`.
pub async fn change(
    access: Access<ChangeRecipients>,
    above: ControlAccess<ChangeRecipients>,
    which: web::Path<Which>,
    form: Submitted<Typed>,
) -> Result<HttpResponse> {
    let id = which.open(&access)?;
    let (fields, values) = load_one(&access, id).await?;
    let sent = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(faulty) => {
            let again = Some((&faulty.typed, &faulty.errors));
            return show_edit(&access, &which, &fields, &values, again);
        }
    };
    let (asked, known, zone) = (sent.clone(), fields.clone(), zone(&access));
    let outcome = access
        .run(move |conn| save(conn, id, &known, &asked, zone))
        .await;
    let base = access.tenant().base();
    match outcome {
        Ok(Changed::Done { still_here }) => {
            let url = if still_here {
                format!("{base}/recipients/{}", which.id)
            } else {
                format!("{base}/recipients")
            };
            Ok(see_other_saying(
                &url,
                "success",
                "said-recipient-saved",
                &[],
            ))
        }
        Ok(Changed::Meanwhile(now)) => {
            let p = frame(&access, "recipient-edit");
            let errors = changed_meanwhile(&p, &fields, &now, &sent, zone)?;
            show_edit(&access, &which, &fields, &now, Some((&sent, &errors)))
        }
        Ok(Changed::Faulty(now, errors)) => {
            show_edit(&access, &which, &fields, &now, Some((&sent, &errors)))
        }
        Err(error) => {
            let unmet = match error {
                AppError::OutsideFence => {
                    let whole = as_assigned(&fields, &values, &sent, zone)?;
                    fence::missed(&access, &above, &fields, whole).await?
                }
                _ => Vec::new(),
            };
            let errors = refusal(&fields, error, &unmet)?;
            show_edit(&access, &which, &fields, &values, Some((&sent, &errors)))
        }
    }
}

/// All values as they would be: those that stand there, and what was typed over them.
fn as_assigned(
    fields: &[Field],
    now: &[Option<String>],
    sent: &Typed,
    zone: Tz,
) -> Result<Vec<Assignment>> {
    let mut all = Vec::new();
    for (field, value) in fields.iter().zip(now) {
        all.push(Assignment {
            column: field.column()?,
            kind: field.kind()?,
            value: value.clone(),
            unique: field.is_unique,
        });
    }
    all.extend(assignments(fields, now, sent, zone)?.0);
    Ok(all)
}

fn save(
    conn: &mut TenantConn<'_, Write>,
    id: RecipientId,
    fields: &[Field],
    sent: &Typed,
    zone: Tz,
) -> Result<Changed> {
    // Locked, so that nobody changes him between the look and the change.
    recipients::table
        .filter(recipients::id.eq(id.0))
        .select(recipients::id)
        .for_update()
        .first::<i64>(conn.pg())?;
    let now = values_of(conn, id, fields)?;
    if sent.get("seen") != Some(mark(&entered(fields, &now)).as_str()) {
        return Ok(Changed::Meanwhile(now));
    }
    let (values, errors) = assignments(fields, &now, sent, zone)?;
    if !errors.is_empty() {
        return Ok(Changed::Faulty(now, errors));
    }
    if !values.is_empty() {
        write::update(conn, id, &values)?;
    }
    let still_here = match query::one(conn, id, &[]) {
        Ok(_) => true,
        Err(AppError::NotFound) => false,
        Err(other) => return Err(other),
    };
    Ok(Changed::Done { still_here })
}
