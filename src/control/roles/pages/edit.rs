//! Making and changing a role. Before a change counts, it is shown: what comes, what goes, how many people it
//! concerns.

use super::super::acts::{self, Draft};
use super::super::grid::Look;
use super::super::{self as roles, Whole};
use super::{Which, choice, frame, groups, label_of};
use crate::access::ControlAccess;
use crate::access::rights::{ChangeRoles, CreateRoles, Right};
use crate::control::memberships::Granter;
use crate::db::control::taken_back;
use crate::db::ids::RoleId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{Choice, FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// What the form sends.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
pub(super) struct RoleForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    rights: Vec<String>,
    #[serde(default)]
    includes: Vec<String>,
    #[serde(default)]
    version: i32,
}

impl RoleForm {
    fn of(whole: &Whole) -> Self {
        Self {
            name: whole.role.name.clone(),
            key: whole.role.key.clone(),
            description: whole.role.description.clone(),
            rights: whole.own.iter().cloned().collect(),
            includes: whole.includes.clone(),
            version: whole.role.version,
        }
    }

    fn draft(&self) -> Draft {
        Draft {
            name: self.name.clone(),
            description: self.description.clone(),
            rights: self.rights.iter().cloned().collect(),
            includes: self.includes.clone(),
        }
    }
}

fn at_input(error: AppError) -> Result<Errors> {
    match error {
        AppError::Invalid { key, params } => Ok(error_at(acts::input_of(key), key, &params)),
        other => Err(other),
    }
}

async fn usable<R: Right>(access: &ControlAccess<R>) -> Result<Vec<Whole>> {
    let tenant = access.tenant().id;
    access
        .run(move |conn| roles::usable_whole(conn.pg(), tenant))
        .await
}

/// The inputs of a role; `own` is the one being changed, which cannot include itself.
fn inputs(p: &Frame, usable: &[Whole], typed: &RoleForm, own: Option<i32>) -> Vec<Input> {
    let by_role = |key: &str| {
        let holding = usable
            .iter()
            .filter(|other| typed.includes.contains(&other.role.key) && other.all.contains(key));
        holding
            .map(|other| {
                p.t.with("membership-by-role", "role", &label_of(p, &other.role))
            })
            .collect::<Vec<_>>()
    };
    let groups = groups(p, false, |right| Choice {
        notes: by_role(right.key),
        // What he does not hold himself he can neither give nor take.
        fixed: !p.may(right.key),
        held: !p.may(right.key) && typed.rights.iter().any(|key| key == right.key),
        ..choice(p, right)
    });
    let mut rights = Input::new(InputKind::Groups(groups), "rights", p.t("roles-rights"))
        .help(p.t("roles-rights-help"));
    rights.values.clone_from(&typed.rights);
    let others = usable.iter().filter(|whole| Some(whole.role.id) != own);
    let options = others
        .map(|whole| {
            (
                whole.role.key.clone(),
                label_of(p, &whole.role),
                whole.role.description.clone(),
            )
        })
        .collect();
    let mut includes = Input::new(
        InputKind::Checks(options),
        "includes",
        p.t("roles-includes"),
    )
    .help(p.t("roles-includes-help"));
    includes.values.clone_from(&typed.includes);
    let mut description = Input::new(InputKind::Area(3), "description", p.t("roles-description"));
    description.values = vec![typed.description.clone()];
    vec![
        Input::line("name", p.t("roles-name"), &typed.name)
            .required()
            .max(100),
        description,
        rights,
        includes,
    ]
}

fn new_form(p: &Frame, usable: &[Whole], typed: &RoleForm) -> FormView {
    let mut inputs = inputs(p, usable, typed, None);
    let key = Input::line("key", p.t("roles-key"), &typed.key)
        .help(p.t("roles-key-help"))
        .max(40);
    inputs.insert(1, key);
    FormView::new(p.url("/roles"), p.t("roles-create"))
        .inputs(inputs)
        .cancel(p.url("/roles"))
}

/// Which role a new one begins as.
#[derive(Debug, Deserialize)]
pub(super) struct From {
    #[serde(default)]
    copy: Option<i32>,
}

pub(super) async fn new(
    access: ControlAccess<CreateRoles>,
    query: web::Query<From>,
) -> Result<HttpResponse> {
    let usable = usable(&access).await?;
    let p = frame(access.context(), "roles-new");
    let typed = match query.copy {
        None => RoleForm::default(),
        Some(id) => {
            let whole = usable.iter().find(|whole| whole.role.id == id);
            let whole = whole.ok_or(AppError::NotFound)?;
            let name = label_of(&p, &whole.role);
            RoleForm {
                name: p.t.with("roles-copy-of", "name", &name),
                key: String::new(),
                // A copy of a role that follows the program holds what it holds now.
                rights: whole.own.iter().filter(|key| p.may(key)).cloned().collect(),
                ..RoleForm::of(whole)
            }
        }
    };
    let form = new_form(&p, &usable, &typed);
    let intro = match query.copy {
        None => p.t("roles-new-intro"),
        Some(_) => p.t("roles-copy-intro"),
    };
    FormPage::answer(p, intro, form, None)
}

pub(super) async fn create(
    access: ControlAccess<CreateRoles>,
    sent: Submitted<RoleForm>,
) -> Result<HttpResponse> {
    let usable = usable(&access).await?;
    let again = |typed: &RoleForm, errors: &Errors| {
        let p = frame(access.context(), "roles-new");
        let (form, intro) = (new_form(&p, &usable, typed), p.t("roles-new-intro"));
        FormPage::answer(p, intro, form, Some(errors))
    };
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return again(&typed, &errors),
    };
    let granter = Granter::of(&access).await?;
    let key = match typed.key.trim() {
        "" => acts::key_of(&typed.name),
        key => key.to_owned(),
    };
    let draft = typed.draft();
    let made = access
        .run(move |conn| acts::create(conn.pg(), &granter, &key, draft))
        .await;
    match made {
        Ok(id) => Ok(see_other_saying(
            &format!("{}/roles/{id}", access.tenant().base()),
            "success",
            "said-saved",
            &[],
        )),
        Err(error) => again(&typed, &at_input(error)?),
    }
}

/// The role, if it was made here.
async fn own(access: &ControlAccess<ChangeRoles>, id: i32) -> Result<(Whole, Vec<Whole>)> {
    let usable = usable(access).await?;
    let found = usable.iter().find(|whole| whole.role.id == id);
    let whole = found.cloned().ok_or(AppError::NotFound)?;
    if whole.role.tenant_id != Some(access.tenant().id.0) {
        return Err(AppError::invalid("roles-not-here"));
    }
    Ok((whole, usable))
}

fn edit_page(
    access: &ControlAccess<ChangeRoles>,
    (whole, usable): &(Whole, Vec<Whole>),
    typed: &RoleForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let id = whole.role.id;
    let p = frame(access.context(), "roles-edit");
    let here = p.url(&format!("/roles/{id}"));
    let version = Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string());
    let form = FormView::new(format!("{here}/check"), p.t("roles-check"))
        .inputs(inputs(&p, usable, typed, Some(id)))
        .input(version)
        .cancel(here);
    let intro = label_of(&p, &whole.role);
    FormPage::answer(p, intro, form, errors)
}

pub(super) async fn edit(
    access: ControlAccess<ChangeRoles>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let found = own(&access, path.id).await?;
    let typed = RoleForm::of(&found.0);
    edit_page(&access, &found, &typed, None)
}

/// What the edit page left out because the editor could not change it stays as it is.
fn completed(mut typed: RoleForm, whole: &Whole, p: &Frame) -> RoleForm {
    let fixed = whole.own.iter().filter(|key| !p.may(key)).cloned();
    typed.rights.extend(fixed);
    typed
}

pub(super) async fn check(
    access: ControlAccess<ChangeRoles>,
    path: web::Path<Which>,
    sent: Submitted<RoleForm>,
) -> Result<HttpResponse> {
    let found = own(&access, path.id).await?;
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return edit_page(&access, &found, &typed, Some(&errors)),
    };
    let p = frame(access.context(), "roles-check");
    let typed = completed(typed, &found.0, &p);
    let granter = Granter::of(&access).await?;
    let (id, version, draft) = (RoleId(found.0.role.id), typed.version, typed.draft());
    // Tried and taken back: what would be refused is refused now, at its input.
    let tried = access
        .run(move |conn| {
            let holders = roles::holders(conn.pg(), &[id])?;
            let after = taken_back(conn.pg(), |pg| {
                acts::change(pg, &granter, (id, version), draft)?;
                Ok(roles::one(pg, granter.tenant, id)?.all)
            })?;
            Ok((holders, after))
        })
        .await;
    match tried {
        Ok((holders, after)) => {
            let concerns = p.t.count("roles-concerns", &holders);
            let form = confirm_form(&p, id, &typed);
            Look::at(p, concerns, (&found.0.all, &after), form).answer()
        }
        Err(error) => refuse(&access, &found, typed, error),
    }
}

/// The form once more, with what was wrong; sent again it replaces what somebody else saved meanwhile.
fn refuse(
    access: &ControlAccess<ChangeRoles>,
    found: &(Whole, Vec<Whole>),
    mut typed: RoleForm,
    error: AppError,
) -> Result<HttpResponse> {
    let errors = match error {
        AppError::Conflict => {
            typed.version = found.0.role.version;
            error_at("", "roles-changed-meanwhile", &[])
        }
        other => at_input(other)?,
    };
    edit_page(access, found, &typed, Some(&errors))
}

fn confirm_form(p: &Frame, id: RoleId, typed: &RoleForm) -> FormView {
    let hidden = |name: &str, value: &str| Input::new(InputKind::Hidden, name, "").value(value);
    let here = p.url(&format!("/roles/{id}"));
    let many = |name: &'static str, values: &[String]| -> Vec<Input> {
        values.iter().map(|value| hidden(name, value)).collect()
    };
    FormView::new(here.clone(), p.t("roles-save"))
        .input(hidden("name", &typed.name))
        .input(hidden("description", &typed.description))
        .input(hidden("version", &typed.version.to_string()))
        .inputs(many("rights", &typed.rights))
        .inputs(many("includes", &typed.includes))
        .cancel(format!("{here}/edit"))
}

pub(super) async fn change(
    access: ControlAccess<ChangeRoles>,
    path: web::Path<Which>,
    sent: Submitted<RoleForm>,
) -> Result<HttpResponse> {
    let found = own(&access, path.id).await?;
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return edit_page(&access, &found, &typed, Some(&errors)),
    };
    let granter = Granter::of(&access).await?;
    let (id, version, draft) = (RoleId(found.0.role.id), typed.version, typed.draft());
    let outcome = access
        .run(move |conn| acts::change(conn.pg(), &granter, (id, version), draft))
        .await;
    match outcome {
        Ok(()) => Ok(see_other_saying(
            &format!("{}/roles/{id}", access.tenant().base()),
            "success",
            "said-saved",
            &[],
        )),
        Err(error) => refuse(&access, &found, typed, error),
    }
}
