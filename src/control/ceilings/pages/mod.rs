//! Pages of tenant's rights: the tenants below, one of them, packages, the matrix.

mod compare;
mod edit;
mod give;
mod list;
mod matrix;
mod packages;

use super::{Ceiling, spelled_out};
use crate::access::rights::{self, RightInfo};
use crate::access::{Context, Routes};
use crate::control::roles::words::{self, choice};
use crate::web::{Choice, Frame, Input, InputKind};
use serde::Deserialize;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/ceilings", list::index);
    r.get("/t/{tenant}/ceilings/compare", compare::page);
    r.get("/t/{tenant}/ceilings/matrix", matrix::page);
    r.post("/t/{tenant}/ceilings/matrix/check", matrix::check);
    r.critical(|r| {
        r.post("/t/{tenant}/ceilings/matrix", matrix::save);
        r.post("/t/{tenant}/ceilings/give", give::give);
    });
    r.get("/t/{tenant}/ceilings/packages", packages::index);
    r.critical(|r| {
        r.get("/t/{tenant}/ceilings/packages/new", packages::new);
        r.post("/t/{tenant}/ceilings/packages", packages::create);
        r.get("/t/{tenant}/ceilings/packages/{id}", packages::edit);
        r.post("/t/{tenant}/ceilings/packages/{id}", packages::change);
        r.post(
            "/t/{tenant}/ceilings/packages/{id}/delete",
            packages::delete,
        );
        r.get("/t/{tenant}/ceilings/{id}", edit::edit);
        r.post("/t/{tenant}/ceilings/{id}/check", edit::check);
        r.post("/t/{tenant}/ceilings/{id}", edit::change);
    });
}

/// The tenant or package that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

/// A frame below the list.
fn frame(context: &Context, title: &str) -> Frame {
    let p = Frame::new(context, title).section("ceilings");
    let (label, url) = (p.t("nav-ceilings"), p.url("/ceilings"));
    p.crumb(label, url)
}

/// How much a ceiling lets through, in a few words.
fn in_words(p: &Frame, ceiling: &Ceiling) -> String {
    match ceiling {
        None => p.t("ceilings-all"),
        Some(_) => {
            let n = spelled_out(ceiling).len() as i64;
            let of = [
                ("n", p.t.number(&n)),
                ("of", p.t.number(&(rights::ALL.len() as i64))),
            ];
            p.t.with_all("ceilings-some", &of)
        }
    }
}

/// The rights to choose from; those that `fixed` names cannot be changed by this user.
fn rights_input(
    p: &Frame,
    chosen: &[String],
    inner: bool,
    above: &Ceiling,
    fixed: impl Fn(&RightInfo) -> bool,
) -> Input {
    let groups = words::groups(p, inner, |right| {
        let capped = above
            .as_ref()
            .is_some_and(|above| !above.contains(right.key));
        Choice {
            notes: capped.then(|| p.t("ceilings-capped")).into_iter().collect(),
            fixed: fixed(right),
            ..choice(p, right)
        }
    });
    let mut input = Input::new(InputKind::Groups(groups), "rights", p.t("ceilings-rights"));
    input.values = chosen.to_vec();
    input
}
