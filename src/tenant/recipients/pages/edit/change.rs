//! Changing a recipient.

use super::super::super::show::show as shown_as;
use super::super::super::typed::typed;
use super::super::super::{fence, query, write};
use super::super::{Which, frame};
use super::inputs::inputs;
use super::values::{as_assigned, assignments, entered, mark};
use super::{Typed, name, refusal, shown, zone};
use crate::access::rights::ChangeRecipients;
use crate::access::{Access, ControlAccess};
use crate::db::ids::RecipientId;
use crate::db::schema::tenant::recipients;
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::{self, Field};
use crate::web::form::{Errors, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use chrono_tz::Tz;
use diesel::prelude::*;

async fn load_one(
    access: &Access<ChangeRecipients>,
    id: RecipientId,
) -> Result<(Vec<Field>, Vec<Option<String>>)> {
    access
        .run(move |conn| {
            let fields = shown(fields::all(conn)?);
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
        .map(Field::shown)
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
        if !field.is_editable() {
            return shown_as(&p.t, kind, now);
        }
        again
            .and_then(|(sent, _)| sent.get(&name(field)).map(str::to_owned))
            .unwrap_or_else(|| typed(kind, now, zone))
    };
    let form = FormView::new(format!("{here}/edit"), p.t("save"))
        .inputs(inputs(&p, fields, text)?)
        .input(Input::new(InputKind::Hidden, "seen", "").value(mark(&entered(fields, now))))
        .cancel(here);
    FormPage::answer(p, String::new(), form, again.map(|(_, errors)| errors))
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
        if field.is_editable() && text.trim() != typed(&kind, now.as_deref(), zone).trim() {
            let shown = shown_as(&p.t, &kind, now.as_deref());
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
