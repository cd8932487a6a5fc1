//! What a role was once, what has changed since, and bringing it back.

use super::super::acts::{self, Draft};
use super::super::{self as roles, Version, Whole};
use super::{frame, label_of, names};
use crate::access::ControlAccess;
use crate::access::rights::{ChangeRoles, ViewRoles};
use crate::control::memberships::Granter;
use crate::db::ids::RoleId;
use crate::error::{AppError, Result};
use crate::web::form::{Faulty, Submitted};
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use std::collections::BTreeSet;
use validator::Validate;

/// Which version of which role.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    id: i32,
    version: i32,
}

#[derive(Template)]
#[template(path = "control/roles/version.html")]
struct Page {
    p: Frame,
    intro: String,
    facts: Vec<(String, String)>,
    /// What bringing it back would give and take.
    coming: Vec<String>,
    going: Vec<String>,
    form: Option<FormView>,
}

/// A version of a role that was made here, and the role now.
fn find(
    conn: &mut diesel::PgConnection,
    tenant: crate::db::ids::TenantId,
    place: &Place,
) -> Result<(Whole, Version)> {
    let whole = roles::one(conn, tenant, RoleId(place.id))?;
    if whole.role.tenant_id != Some(tenant.0) {
        return Err(AppError::NotFound);
    }
    let version = roles::versions(conn, RoleId(place.id))?
        .into_iter()
        .find(|version| version.version == place.version)
        .ok_or(AppError::NotFound)?;
    Ok((whole, version))
}

pub(super) async fn page(
    access: ControlAccess<ViewRoles>,
    path: web::Path<Place>,
) -> Result<HttpResponse> {
    let (tenant, place) = (access.tenant().id, path.into_inner());
    let (whole, version) = access
        .run(move |conn| find(conn.pg(), tenant, &place))
        .await?;
    let p = frame(access.context(), "roles-version-page");
    let here = p.url(&format!("/roles/{}", whole.role.id));
    let label = label_of(&p, &whole.role);
    let p = p.crumb(label, here.clone());
    let was: BTreeSet<String> = version.rights.iter().cloned().collect();
    let coming: BTreeSet<String> = was.difference(&whole.own).cloned().collect();
    let going: BTreeSet<String> = whole.own.difference(&was).cloned().collect();
    let current = version.version == whole.role.version;
    let form = (!current && p.may("roles.change")).then(|| {
        let seen = whole.role.version.to_string();
        FormView::new(
            format!("{here}/versions/{}", version.version),
            p.t("roles-restore"),
        )
        .input(Input::new(InputKind::Hidden, "seen", "").value(seen))
        .cancel(here.clone())
    });
    let number = p.t.number(&i64::from(version.version));
    let page = Page {
        intro: p.t.with("roles-version-intro", "version", &number),
        facts: vec![
            (p.t("roles-name"), version.name.clone()),
            (p.t("roles-description"), version.description.clone()),
            (p.t("roles-version-at"), p.t.moment(&version.at)),
            (p.t("roles-includes"), version.includes.join(", ")),
            (p.t("roles-rights"), names(&p, &was).join(", ")),
        ],
        coming: names(&p, &coming),
        going: names(&p, &going),
        form,
        p,
    };
    page.p.clone().render(|_| page)
}

/// What the form sends: the role's version that was seen.
#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct Seen {
    #[serde(default)]
    seen: i32,
}

pub(super) async fn restore(
    access: ControlAccess<ChangeRoles>,
    path: web::Path<Place>,
    sent: Submitted<Seen>,
) -> Result<HttpResponse> {
    let seen = match sent.validated() {
        Ok(form) => form.into_inner().seen,
        Err(Faulty { .. }) => return Err(AppError::invalid("form-unreadable")),
    };
    let granter = Granter::of(&access).await?;
    let place = path.into_inner();
    let id = place.id;
    access
        .run(move |conn| {
            let (_, version) = find(conn.pg(), granter.tenant, &place)?;
            // Rights that went with a version of the program do not come back.
            let known = version.rights.into_iter();
            let draft = Draft {
                name: version.name,
                description: version.description,
                rights: known
                    .filter(|key| crate::access::rights::by_key(key).is_some())
                    .collect(),
                includes: version.includes,
            };
            acts::change(conn.pg(), &granter, (RoleId(id), seen), draft)
        })
        .await?;
    Ok(see_other_saying(
        &format!("{}/roles/{id}", access.tenant().base()),
        "success",
        "said-saved",
        &[],
    ))
}
