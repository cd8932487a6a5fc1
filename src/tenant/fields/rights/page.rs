//! A field's page "who sees it how".

use super::super::pages::{Which, frame, one};
use super::super::seen::{ByRole, Mode};
use super::super::{Field, pages};
use super::{SetRights, of_field, outcome, sees_all};
use crate::access::ControlAccess;
use crate::access::rights::ChangeFields;
use crate::control::audit::Actor;
use crate::control::roles::words::label_of;
use crate::control::roles::{self, Whole};
use crate::db::ids::FieldId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use std::collections::BTreeMap;
use validator::{Validate, ValidationErrors};

/// What the form sends: `role_7=hidden`, and the version of the field that was seen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(in super::super) struct Typed(Vec<(String, String)>);

impl Validate for Typed {
    fn validate(&self) -> std::result::Result<(), ValidationErrors> {
        // Which roles there are only the database knows.
        Ok(())
    }
}

impl Typed {
    fn version(&self) -> i32 {
        let mut pairs = self.0.iter();
        let sent = pairs.find(|(name, _)| name == "version");
        sent.and_then(|(_, version)| version.parse().ok())
            .unwrap_or_default()
    }

    /// What was chosen for a role; none where nothing was.
    fn chosen(&self, role: i32) -> Option<&str> {
        let wanted = format!("role_{role}");
        let mut pairs = self.0.iter();
        let sent = pairs.find(|(name, _)| *name == wanted);
        sent.map(|(_, mode)| mode.as_str())
    }

    fn rights(&self, usable: &[Whole]) -> Result<BTreeMap<i32, Option<Mode>>> {
        let mut all = BTreeMap::new();
        for whole in usable {
            match self.chosen(whole.role.id) {
                None => {}
                Some("") => _ = all.insert(whole.role.id, None),
                Some(key) => {
                    let mode = Mode::of(key).ok_or(AppError::invalid("form-unreadable"))?;
                    all.insert(whole.role.id, Some(mode));
                }
            }
        }
        Ok(all)
    }
}

/// All that the page shows.
struct Loaded {
    field: Field,
    said: ByRole,
    usable: Vec<Whole>,
}

/// The roles that a field says something for, and what, for the field's own page.
pub(in super::super) async fn said_for(
    access: &ControlAccess<ChangeFields>,
    p: &Frame,
    id: FieldId,
) -> Result<Vec<(String, String)>> {
    let Loaded { said, usable, .. } = load(access, id).await?;
    let of_role = |whole: &Whole| {
        let mode = said.get(&whole.role.id)?;
        Some((label_of(p, &whole.role), pages::mode_text(p, *mode)))
    };
    Ok(usable.iter().filter_map(of_role).collect())
}

async fn load(access: &ControlAccess<ChangeFields>, id: FieldId) -> Result<Loaded> {
    let field = one(access, id).await?;
    let said = access.look(move |conn| of_field(conn.pg(), id)).await?;
    let tenant = access.tenant().id;
    let usable = access
        .run(move |conn| roles::usable_whole(conn.pg(), tenant))
        .await?;
    Ok(Loaded {
        field,
        said,
        usable,
    })
}

pub(super) async fn show(
    access: ControlAccess<ChangeFields>,
    which: web::Path<Which>,
) -> Result<HttpResponse> {
    let loaded = load(&access, which.id).await?;
    view(&access, &loaded, None)
}

fn view(
    access: &ControlAccess<ChangeFields>,
    loaded: &Loaded,
    again: Option<(&Typed, &Errors)>,
) -> Result<HttpResponse> {
    let Loaded { field, .. } = loaded;
    let p = frame(access, "field-rights");
    let label = field.label(p.t.language()).to_owned();
    let here = p.url(&format!("/fields/{}/edit", field.id));
    let p = p.crumb(label.clone(), here.clone());
    let title = p.t.with("field-rights-of", "name", &label);
    let p = p.titled(title);
    let action = p.url(&format!("/fields/{}/rights", field.id));
    let version = Input::new(InputKind::Hidden, "version", "").value(field.version.to_string());
    let form = FormView::new(action, p.t("save"))
        .inputs(inputs(&p, access, loaded, again.map(|(typed, _)| typed)))
        .input(version)
        .cancel(here);
    let own = pages::mode_text(&p, field.own_mode());
    let intro = p.t.with("field-rights-intro", "mode", &own);
    FormPage::answer(p, intro, form, again.map(|(_, errors)| errors))
}

fn inputs(
    p: &Frame,
    access: &ControlAccess<ChangeFields>,
    loaded: &Loaded,
    typed: Option<&Typed>,
) -> Vec<Input> {
    let viewer = &access.tenant().viewer;
    let held = viewer.roles();
    let administrator = loaded
        .usable
        .iter()
        .any(|whole| sees_all(whole) && held.contains(&whole.role.id));
    let mut options = vec![(String::new(), p.t("field-rights-as-field"))];
    options.extend(Mode::ALL.map(|mode| (mode.key().to_owned(), pages::mode_text(p, mode))));
    let input = |whole: &Whole| {
        let id = whole.role.id;
        let (name, label) = (format!("role_{id}"), label_of(p, &whole.role));
        let said = loaded.said.get(&id).copied();
        let fixed = |why: &str| {
            let text =
                said.map_or_else(|| p.t("field-rights-as-field"), |m| pages::mode_text(p, m));
            let fixed = Input::new(InputKind::Fixed, name.clone(), label.clone()).value(text);
            fixed.help(p.t(why))
        };
        if sees_all(whole) {
            return fixed("field-rights-sees-all");
        }
        if viewer.has_no_role() && !administrator {
            return fixed("field-rights-no-role");
        }
        if held.contains(&id) && !administrator {
            return fixed("field-rights-held");
        }
        let value = match typed.and_then(|typed| typed.chosen(id)) {
            Some(chosen) => chosen.to_owned(),
            None => said.map(|mode| mode.key().to_owned()).unwrap_or_default(),
        };
        let more = outcome(whole, &loaded.usable, &loaded.said);
        let help = match said {
            Some(said) if more > said => {
                p.t.with("field-rights-included", "mode", &pages::mode_text(p, more))
            }
            _ => String::new(),
        };
        Input::select(name, label, options.clone(), value).help(help)
    };
    loaded.usable.iter().map(input).collect()
}

pub(super) async fn save(
    access: ControlAccess<ChangeFields>,
    which: web::Path<Which>,
    form: Submitted<Typed>,
) -> Result<HttpResponse> {
    let loaded = load(&access, which.id).await?;
    let typed = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return view(&access, &loaded, Some((&typed, &errors))),
    };
    let order = SetRights {
        actor: Actor::form(access.user().id),
        viewer: access.tenant().viewer.clone(),
        tenant: access.tenant().id,
        id: which.id,
        version: typed.version(),
        rights: typed.rights(&loaded.usable)?,
    };
    let errors = match access.provision(order).await {
        Ok(()) => {
            let label = loaded.field.key.clone();
            return Ok(pages::said(&access, "said-field-changed", label));
        }
        Err(AppError::Conflict) => error_at("", "fields-changed-meanwhile", &[]),
        Err(AppError::Invalid { key, params }) => error_at("", key, &params),
        Err(other) => return Err(other),
    };
    let now = load(&access, which.id).await?;
    view(&access, &now, Some((&typed, &errors)))
}
