//! The pages of admissions, for the administrators of the tenant whose data it is.

mod decide;
mod list;
mod show;

use super::Admission;
use crate::access::rights::DecideAdmissions;
use crate::access::{ControlAccess, Routes};
use crate::control::tenants::fence::Fence;
use crate::control::users;
use crate::db::ids::{AdmissionId, UserId};
use crate::db::schema::control::tenants;
use crate::error::{AppError, Result};
use crate::web::Frame;
use diesel::prelude::*;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/admissions", list::index);
    r.get("/t/{tenant}/admissions/{id}", show::show);
    r.post("/t/{tenant}/admissions/{id}/admit", decide::admit);
    r.post("/t/{tenant}/admissions/{id}/decline", decide::decline);
}

#[derive(Debug, Deserialize)]
struct Which {
    id: AdmissionId,
}

/// Names behind the numbers: inner tenants of this tenant, and users.
struct Names {
    inner: HashMap<i32, (String, Option<serde_json::Value>)>,
    users: BTreeMap<UserId, String>,
}

async fn names(access: &ControlAccess<DecideAdmissions>, of: &[Admission]) -> Result<Names> {
    let top = access.tenant().id;
    let inner: Vec<i32> = of.iter().map(|one| one.inner).collect();
    let asked: Vec<UserId> = of.iter().filter_map(|one| one.user.map(UserId)).collect();
    access
        .run(move |conn| {
            let inner: Vec<(i32, String, Option<serde_json::Value>)> = tenants::table
                .filter(tenants::parent_id.eq(top.0))
                .filter(tenants::id.eq_any(inner))
                .select((tenants::id, tenants::name, tenants::fence))
                .load(conn.pg())?;
            let users = users::query::names(conn.pg(), top, &asked)?;
            Ok(Names {
                inner: inner
                    .into_iter()
                    .map(|(id, name, fence)| (id, (name, fence)))
                    .collect(),
                users,
            })
        })
        .await
}

impl Names {
    fn inner(&self, one: &Admission) -> String {
        self.inner
            .get(&one.inner)
            .map(|(name, _)| name.clone())
            .unwrap_or_default()
    }

    fn asker(&self, p: &Frame, one: &Admission) -> String {
        let source = p.t(&format!("source-{}", one.source));
        match one.user.and_then(|id| self.users.get(&UserId(id))) {
            Some(name) => format!("{name} ({source})"),
            None => source,
        }
    }

    fn fence(&self, one: &Admission) -> Result<Fence> {
        let (_, stored) = self.inner.get(&one.inner).ok_or(AppError::NotFound)?;
        Fence::from_stored(stored.as_ref().unwrap_or(&serde_json::Value::Null))
    }
}
