//! A user's place here: roles, single rights, dates. Without any role or right it ends.

use super::super::query::{self, Person};
use super::add::at_input;
use super::{Which, frame};
use crate::access::ControlAccess;
use crate::access::rights::ChangeUsers;
use crate::control::memberships::{self, Granter, Place};
use crate::control::roles::{self, Role, Whole, words};
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::days;
use crate::web::flash::Undo;
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::page::see_other_undoable;
use crate::web::view::FormPage;
use crate::web::{Choice, FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::BTreeSet;
use validator::Validate;

type Reader = fn(&str, &str) -> Option<DateTime<Utc>>;

/// What the form sends: what the place shall be, and the version that was seen when it was opened.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
pub(super) struct PlaceForm {
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    rights: Vec<String>,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    version: i32,
}

impl PlaceForm {
    fn of(place: &Place, version: i32, zone: &str) -> Self {
        Self {
            roles: place.roles.clone(),
            rights: place.rights.clone(),
            from: place
                .from
                .map(|at| days::day_from(at, zone))
                .unwrap_or_default(),
            until: place
                .until
                .map(|at| days::day_until(at, zone))
                .unwrap_or_default(),
            version,
        }
    }

    /// The place meant, or the field that cannot be read. Days that stand as they were keep their moments.
    fn place(&self, before: &Place, zone: &str) -> Result<Place, &'static str> {
        let was = Self::of(before, 0, zone);
        let moment = |field, text: &str, was: &str, at, read: Reader| match text.trim() {
            "" => Ok(None),
            same if same == was => Ok(at),
            day => read(day, zone).map(Some).ok_or(field),
        };
        Ok(Place {
            roles: self.roles.clone(),
            rights: self.rights.clone(),
            from: moment("from", &self.from, &was.from, before.from, days::begin_of)?,
            until: moment("until", &self.until, &was.until, before.until, days::end_of)?,
        })
    }
}

/// The roles to choose from.
pub(super) fn input(p: &Frame, usable: &[Role], chosen: &[String]) -> Input {
    let options = usable
        .iter()
        .map(|role| {
            (
                role.key.clone(),
                words::label_of(p, role),
                role.description.clone(),
            )
        })
        .collect();
    let mut input = Input::new(InputKind::Checks(options), "roles", p.t("users-roles"));
    input.values = chosen.to_vec();
    input
}

struct Loaded {
    person: Person,
    version: i32,
    place: Place,
    usable: Vec<Whole>,
}

async fn load(access: &ControlAccess<ChangeUsers>, id: i32) -> Result<Loaded> {
    // Nobody changes his own rights.
    if access.user().id.0 == id {
        return Err(AppError::invalid("users-own-roles"));
    }
    let tenant = access.tenant().id;
    access
        .run(move |conn| {
            let person = query::one(conn.pg(), tenant, UserId(id))?;
            let (_, version, place) =
                memberships::place_of(conn.pg(), UserId(id), tenant)?.ok_or(AppError::NotFound)?;
            Ok(Loaded {
                person,
                version,
                place,
                usable: roles::usable_whole(conn.pg(), tenant)?,
            })
        })
        .await
}

fn form(p: &Frame, loaded: &Loaded, typed: &PlaceForm) -> FormView {
    let here = p.url(&format!("/users/{}", loaded.person.id));
    let usable: Vec<Role> = loaded.usable.iter().map(|w| w.role.clone()).collect();
    FormView::new(format!("{here}/roles"), p.t("save"))
        .input(input(p, &usable, &typed.roles).help(p.t("users-roles-help")))
        .input(single_rights(p, &loaded.usable, typed))
        .input(
            Input::line("from", p.t("membership-from"), &typed.from)
                .typed("date")
                .help(p.t("membership-from-help")),
        )
        .input(
            Input::line("until", p.t("membership-until"), &typed.until)
                .typed("date")
                .help(p.t("membership-until-help")),
        )
        .input(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()))
        .cancel(here)
}

/// All rights that exist here, those that come by the roles named as such.
fn single_rights(p: &Frame, usable: &[Whole], typed: &PlaceForm) -> Input {
    let by_role = |key: &str| {
        let holding = usable
            .iter()
            .filter(|whole| typed.roles.contains(&whole.role.key) && whole.all.contains(key));
        holding
            .map(|whole| {
                let name = words::label_of(p, &whole.role);
                p.t.with("membership-by-role", "role", &name)
            })
            .collect::<Vec<_>>()
    };
    let inner = p.tenant.as_ref().is_some_and(|tenant| tenant.is_inner());
    let chosen: BTreeSet<String> = typed.rights.iter().cloned().collect();
    let groups = words::groups(p, inner, |right| Choice {
        notes: by_role(right.key),
        ..words::choice(p, right)
    });
    let mut input = Input::new(
        InputKind::Groups(groups),
        "rights",
        p.t("membership-rights"),
    )
    .help(p.t("membership-rights-help"));
    input.values = chosen.into_iter().collect();
    input
}

fn answer(
    access: &ControlAccess<ChangeUsers>,
    loaded: &Loaded,
    typed: &PlaceForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = frame(access.context(), "users-change-roles");
    let form = form(&p, loaded, typed);
    let intro = format!("{} · {}", loaded.person.name, p.trail());
    FormPage::answer(p, intro, form, errors)
}

pub(super) async fn page(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let loaded = load(&access, path.id).await?;
    let typed = PlaceForm::of(&loaded.place, loaded.version, &access.user().time_zone);
    answer(&access, &loaded, &typed, None)
}

pub(super) async fn set(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    sent: Submitted<PlaceForm>,
) -> Result<HttpResponse> {
    let loaded = load(&access, path.id).await?;
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return answer(&access, &loaded, &typed, Some(&errors)),
    };
    let again = |typed: &PlaceForm, errors: &Errors| answer(&access, &loaded, typed, Some(errors));
    let wanted = match typed.place(&loaded.place, &access.user().time_zone) {
        Ok(wanted) => wanted,
        Err(field) => return again(&typed, &error_at(field, "membership-day-unreadable", &[])),
    };
    let granter = Granter::of(&access).await?;
    let which = memberships::Which {
        user: UserId(loaded.person.id),
        tenant: granter.tenant,
        version: typed.version,
    };
    let outcome = access
        .run(move |conn| memberships::set(conn.pg(), &granter, which, wanted))
        .await;
    match outcome {
        Ok(()) => Ok(said(&access, &loaded, &typed)),
        Err(AppError::Conflict) => {
            // Sent once more it replaces what the other one saved.
            let typed = PlaceForm {
                version: loaded.version,
                ..typed
            };
            again(&typed, &error_at("", "users-roles-meanwhile", &[]))
        }
        Err(error) => again(&typed, &at_input(error)?),
    }
}

/// What was done. Taken back it can be while he has a place here: without one he is to be added anew.
fn said(access: &ControlAccess<ChangeUsers>, loaded: &Loaded, now: &PlaceForm) -> HttpResponse {
    let url = format!("{}/users", access.tenant().base());
    let name = [("name", loaded.person.name.clone())];
    if now.roles.is_empty() && now.rights.is_empty() {
        return see_other_saying(&url, "success", "said-user-removed", &name);
    }
    let was = PlaceForm::of(&loaded.place, loaded.version + 1, &access.user().time_zone);
    let version = was.version.to_string();
    let mut fields: Vec<(&str, &str)> = vec![
        ("version", &version),
        ("from", &was.from),
        ("until", &was.until),
    ];
    fields.extend(was.roles.iter().map(|role| ("roles", role.as_str())));
    fields.extend(was.rights.iter().map(|right| ("rights", right.as_str())));
    let undo = Undo::new(
        access.context(),
        format!("{url}/{}/roles", loaded.person.id),
        &fields,
    );
    see_other_undoable(&url, "said-roles-changed", &name, undo)
}
