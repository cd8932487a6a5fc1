//! Two roles side by side: what one holds and the other does not.

use super::super::side_by_side::{Comparison, Side};
use super::super::{self as roles, Whole};
use super::{frame, label_of};
use crate::access::ControlAccess;
use crate::access::rights::ViewRoles;
use crate::error::{AppError, Result};
use crate::web::{Frame, Input};
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// Which two, and whether only what differs is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    one: Option<i32>,
    other: Option<i32>,
    all: String,
}

pub(super) async fn page(
    access: ControlAccess<ViewRoles>,
    query: web::Query<Wanted>,
) -> Result<HttpResponse> {
    let tenant = access.tenant().id;
    let usable = access
        .run(move |conn| roles::usable_whole(conn.pg(), tenant))
        .await?;
    let find = |id: Option<i32>| match id {
        None => Ok(None),
        Some(id) => usable
            .iter()
            .find(|whole| whole.role.id == id)
            .map(Some)
            .ok_or(AppError::NotFound),
    };
    let one = find(query.one)?.or(usable.first());
    let second = usable
        .iter()
        .find(|whole| one.is_none_or(|one| one.role.id != whole.role.id));
    let other = find(query.other)?.or(second);
    let p = frame(access.context(), "roles-compare");
    let (one, other) = one.zip(other).ok_or(AppError::NotFound)?;
    let everything = !query.all.is_empty();
    let inputs = inputs(&p, &usable, one, other, everything);
    let sides = [one, other].map(|whole| Side {
        name: label_of(&p, &whole.role),
        rights: whole.all.clone(),
    });
    Comparison::of(p, inputs, &sides, everything).answer()
}

fn inputs(p: &Frame, usable: &[Whole], one: &Whole, other: &Whole, all: bool) -> Vec<Input> {
    let options = || {
        usable
            .iter()
            .map(|whole| (whole.role.id.to_string(), label_of(p, &whole.role)))
            .collect::<Vec<_>>()
    };
    vec![
        Input::select("one", p.t("roles-one"), options(), one.role.id.to_string()),
        Input::select(
            "other",
            p.t("roles-other"),
            options(),
            other.role.id.to_string(),
        ),
        Input::check("all", p.t("roles-compare-all"), all),
    ]
}
