//! Which columns the list shows: each user's choice, kept by the fields' ids.

use super::super::state::State;
use crate::access::Access;
use crate::access::rights::{Right, ViewRecipients};
use crate::db::ids::FieldId;
use crate::error::Result;
use crate::tenant::fields::{self, Field};
use crate::web::form::Submitted;
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

const PREFERENCE: &str = "recipients.columns";
/// What is shown to who never chose: address, first name, last name, creation.
const DEFAULT: [i32; 4] = [1, 4, 5, 8];
/// More columns nobody reads.
const MOST: usize = 30;

/// A user's choice as it is kept.
pub(super) struct Chosen(Vec<FieldId>);

/// What this user chose.
pub(super) async fn chosen<R: Right>(access: &Access<R>) -> Result<Chosen> {
    let kept = access.preference(PREFERENCE).await?;
    let ids: Option<Vec<FieldId>> = kept.and_then(|kept| serde_json::from_value(kept).ok());
    Ok(Chosen(ids.unwrap_or_else(|| DEFAULT.map(FieldId).to_vec())))
}

impl Chosen {
    /// The fields that the list shows, in the fields' order.
    pub(super) fn of(&self, all: &[Field]) -> Vec<Field> {
        let fields: Vec<Field> = all
            .iter()
            .filter(|field| self.0.contains(&field.id) && field.is_seen())
            .cloned()
            .collect();
        if fields.is_empty() {
            let mut seen = all.iter().filter(|field| field.is_seen());
            seen.next().cloned().into_iter().collect()
        } else {
            fields
        }
    }
}

#[derive(Debug, Deserialize, Validate)]
pub struct Choice {
    #[serde(default)]
    columns: Vec<FieldId>,
    /// The list's state to go back to.
    #[serde(default)]
    back: String,
}

/// GET `…/recipients/columns`.
pub async fn choose(
    access: Access<ViewRecipients>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let all = access.run(fields::all).await?;
    let now = chosen(&access).await?.of(&all);
    let p = Frame::new(access.context(), "recipients-columns").section("recipients");
    let (label, url) = (p.t("recipients-title"), p.url("/recipients"));
    let p = p.crumb(label, url);
    let groups = InputKind::Headed(groups(&p, &all, &now));
    let mut checks = Input::new(groups, "columns", p.t("recipients-columns"));
    checks.values = now.iter().map(|field| field.id.to_string()).collect();
    let back = state.first_page().query();
    let form = FormView::new(p.url("/recipients/columns"), p.t("save"))
        .input(checks)
        .input(Input::new(InputKind::Hidden, "back", "").value(&back))
        .cancel(p.url(&format!("/recipients?{back}")));
    let intro = p.t("recipients-columns-intro");
    p.render(|p| FormPage { p, intro, form })
}

/// A name, and the value and label of what is in it.
type Group = (String, Vec<(String, String)>);

/// What is shown now comes first; the others follow by their groups.
fn groups(p: &Frame, all: &[Field], now: &[Field]) -> Vec<Group> {
    let option = |field: &Field| {
        let label = field.label(p.t.language()).to_owned();
        (field.id.to_string(), label)
    };
    let mut groups: Vec<Group> = vec![(
        p.t("recipients-columns-now"),
        now.iter().map(option).collect(),
    )];
    let others = all
        .iter()
        .filter(|field| field.is_seen() && !now.iter().any(|one| one.id == field.id));
    for field in others {
        let name = match field.field_group.as_str() {
            "" => p.t("recipients-columns-others"),
            name => name.to_owned(),
        };
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, options)) => options.push(option(field)),
            None => groups.push((name, vec![option(field)])),
        }
    }
    groups
}

/// POST `…/recipients/columns`.
pub async fn keep(access: Access<ViewRecipients>, form: Submitted<Choice>) -> Result<HttpResponse> {
    let Ok(form) = form.validated() else {
        return Ok(see_other(&format!(
            "{}/recipients/columns",
            access.tenant().base()
        )));
    };
    let mut ids = form.columns.clone();
    ids.truncate(MOST);
    access
        .set_preference(PREFERENCE, serde_json::json!(ids))
        .await?;
    // Read and written again, so that nothing but a state gets into the URL.
    let back: State = serde_html_form::from_str(&form.back).unwrap_or_default();
    Ok(see_other(&format!(
        "{}/recipients?{}",
        access.tenant().base(),
        back.query()
    )))
}
