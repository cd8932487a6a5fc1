//! Pages of roles: the list, a role with its history, editing with a preview, comparing, the matrix.

mod compare;
mod delete;
mod edit;
mod list;
mod matrix;
mod show;
mod versions;

use super::words::{choice, groups, label_of, names};
use crate::access::{Context, Routes};
use crate::web::Frame;
use serde::Deserialize;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/roles", list::index);
    r.critical(|r| {
        r.get("/t/{tenant}/roles/new", edit::new);
        r.post("/t/{tenant}/roles", edit::create);
    });
    r.get("/t/{tenant}/roles/compare", compare::page);
    r.get("/t/{tenant}/roles/export", list::export);
    r.get("/t/{tenant}/roles/matrix", matrix::page);
    r.post("/t/{tenant}/roles/matrix/check", matrix::check);
    r.critical(|r| {
        r.post("/t/{tenant}/roles/matrix", matrix::save);
    });
    r.get("/t/{tenant}/roles/{id}", show::page);
    r.critical(|r| {
        r.get("/t/{tenant}/roles/{id}/edit", edit::edit);
        r.post("/t/{tenant}/roles/{id}/check", edit::check);
        r.post("/t/{tenant}/roles/{id}", edit::change);
        r.get("/t/{tenant}/roles/{id}/delete", delete::ask);
        r.post("/t/{tenant}/roles/{id}/delete", delete::delete);
    });
    r.get("/t/{tenant}/roles/{id}/versions/{version}", versions::page);
    r.critical(|r| {
        r.post(
            "/t/{tenant}/roles/{id}/versions/{version}",
            versions::restore,
        );
    });
}

/// The role that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

/// A frame below the list of roles.
fn frame(context: &Context, title: &str) -> Frame {
    let p = Frame::new(context, title).section("roles");
    let (label, url) = (p.t("nav-roles"), p.url("/roles"));
    p.crumb(label, url)
}
