//! The wizard: upload, mapping and settings, dry run, run, result.

mod act;
mod check;
mod examples;
mod form;
mod index;
mod inputs;
mod mapping;
mod new_fields;
mod problems;
mod profile;
mod receive;
mod show;

use crate::access::Routes;
use crate::db::ids::ImportId;
use serde::Deserialize;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/imports", index::index);
    r.get("/t/{tenant}/imports/new", receive::new);
    r.post("/t/{tenant}/imports", receive::receive);
    r.get("/t/{tenant}/imports/{id}", show::show);
    r.get("/t/{tenant}/imports/{id}/mapping", mapping::mapping);
    r.post("/t/{tenant}/imports/{id}/mapping", check::check);
    r.post("/t/{tenant}/imports/{id}/run", act::run);
    r.post("/t/{tenant}/imports/{id}/cancel", act::cancel);
    r.post("/t/{tenant}/imports/{id}/profile", profile::save_profile);
    r.get("/t/{tenant}/imports/{id}/errors", show::errors);
}

/// The import that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: ImportId,
}
