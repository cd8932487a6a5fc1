//! A new recipient.

use super::super::super::{fence, write};
use super::super::{frame, seal};
use super::inputs::inputs;
use super::values::{assignments, missing};
use super::{Typed, name, refusal, shown, zone};
use crate::access::rights::ChangeRecipients;
use crate::access::{Access, ControlAccess};
use crate::db::ids::{ListId, RecipientId};
use crate::error::{AppError, Result};
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::{self, Field};
use crate::tenant::lists::{self, List};
use crate::web::form::{Errors, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Input, InputKind, see_other_saying};
use actix_web::HttpResponse;

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
            let mut fields = shown(fields::all(conn)?);
            fields.retain(Field::is_editable);
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
    FormPage::answer(p, intro, form, errors)
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
    let mut errors = missing(&fields, &sent, errors);
    let known = |id: &ListId| lists.iter().any(|list| list.id == *id);
    if !sent.lists().iter().all(known) {
        errors.extend(error_at("lists", "recipient-list-gone", &[]));
    }
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
