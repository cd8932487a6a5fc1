//! The same ceiling for several tenants: shown first, then in force.

use super::super::packages;
use super::super::{self as ceilings, Capped, Ceiling, Wanted, spelled_out};
use super::{frame, in_words};
use crate::access::ControlAccess;
use crate::access::rights::ChangeCeilings;
use crate::control::memberships::Granter;
use crate::control::roles::grid::{Look, difference};
use crate::db::control::taken_back;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::form::{Faulty, Submitted};
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::HttpResponse;
use diesel::PgConnection;
use serde::Deserialize;
use validator::Validate;

/// What the list sends: tenants as `id:version`, a package's id or `all`, and whether it was looked at.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct GiveForm {
    tenant: Vec<String>,
    package: String,
    sure: String,
}

impl GiveForm {
    fn chosen(&self) -> Result<Vec<(TenantId, i32)>> {
        let read = |text: &String| {
            let (id, version) = text.split_once(':')?;
            Some((TenantId(id.parse().ok()?), version.parse().ok()?))
        };
        let all: Option<Vec<_>> = self.tenant.iter().map(read).collect();
        let mut all = all.ok_or(AppError::invalid("form-unreadable"))?;
        all.sort_unstable();
        all.dedup();
        if all.is_empty() {
            return Err(AppError::invalid("ceilings-choose"));
        }
        Ok(all)
    }
}

pub(super) async fn give(
    access: ControlAccess<ChangeCeilings>,
    sent: Submitted<GiveForm>,
) -> Result<HttpResponse> {
    let (typed, sure) = match sent.validated() {
        Ok(form) => (form.clone(), !form.sure.is_empty()),
        // After a log-in in the middle it is looked at once more.
        Err(Faulty { typed, .. }) => (typed, false),
    };
    let (to, package) = (typed.chosen()?, typed.package.clone());
    let granter = Granter::of(&access).await?;
    let changed = access
        .run(move |conn| {
            let ceiling = ceiling_of(conn.pg(), granter.tenant, &package)?;
            let act = |pg: &mut PgConnection| act(pg, &granter, &to, &ceiling);
            if sure {
                act(conn.pg())
            } else {
                taken_back(conn.pg(), act)
            }
        })
        .await?;
    if sure {
        let url = format!("{}/ceilings", access.tenant().base());
        return Ok(see_other_saying(&url, "success", "said-saved", &[]));
    }
    let p = frame(access.context(), "roles-check");
    let people = changed.iter().map(|(before, _)| before.people).sum();
    let look = Look {
        concerns: p.t.count("ceilings-concerns", &people),
        holders: changed.iter().map(|pair| compared(&p, pair)).collect(),
        form: confirm(&p, &typed),
        p,
    };
    look.answer()
}

/// A package's rights, or no limit.
fn ceiling_of(conn: &mut PgConnection, tenant: TenantId, package: &str) -> Result<Ceiling> {
    if package == "all" {
        return Ok(None);
    }
    let id = package.parse().map_err(|_| AppError::NotFound)?;
    Ok(Some(packages::one(conn, tenant, id)?.ceiling()))
}

/// Gives all the same; answers what was and what is.
fn act(
    conn: &mut PgConnection,
    granter: &Granter,
    to: &[(TenantId, i32)],
    ceiling: &Ceiling,
) -> Result<Vec<(Capped, Capped)>> {
    let ids: Vec<TenantId> = to.iter().map(|(id, _)| *id).collect();
    let before = ceilings::some(conn, granter.tenant, &ids)?;
    let wanted = to.iter().map(|(tenant, version)| Wanted {
        tenant: *tenant,
        version: *version,
        ceiling: ceiling.clone(),
    });
    ceilings::set(conn, granter, &wanted.collect::<Vec<_>>())?;
    let after = ceilings::some(conn, granter.tenant, &ids)?;
    Ok(before.into_iter().zip(after).collect())
}

fn compared(p: &Frame, (before, after): &(Capped, Capped)) -> (String, Vec<String>, Vec<String>) {
    let title = format!("{}: {}", before.trail, in_words(p, &after.in_force()));
    let (was, is) = (
        spelled_out(&before.in_force()),
        spelled_out(&after.in_force()),
    );
    difference(p, title, &was, &is)
}

fn confirm(p: &Frame, typed: &GiveForm) -> FormView {
    let hidden = |name: &str, value: &str| Input::new(InputKind::Hidden, name, "").value(value);
    FormView::new(p.url("/ceilings/give"), p.t("roles-save"))
        .inputs(typed.tenant.iter().map(|tenant| hidden("tenant", tenant)))
        .input(hidden("package", &typed.package))
        .input(hidden("sure", "on"))
        .cancel(p.url("/ceilings"))
}
