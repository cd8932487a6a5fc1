//! The wizard: upload, mapping and settings, dry run, run, result.

mod act;
mod check;
mod form;
mod index;
mod inputs;
mod mapping;
mod profile;
mod receive;
mod show;

use crate::access::Routes;
use crate::db::schema::tenant::imports;
use crate::error::Result;
use crate::tenant::recipients::import::settings::Settings;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
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
    id: i32,
}

/// An import as the pages show it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = imports)]
struct Import {
    id: i32,
    state: String,
    file_name: String,
    stored_as: Option<String>,
    settings: serde_json::Value,
    job_id: Option<i64>,
    created_at: DateTime<Utc>,
    rows: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    refused: i64,
    noted: i64,
    errors_file: Option<String>,
    error: Option<String>,
}

impl Import {
    fn is_at_work(&self) -> bool {
        matches!(self.state.as_str(), "checking" | "queued" | "running")
    }

    fn settings(&self) -> Settings {
        serde_json::from_value(self.settings.clone()).unwrap_or_default()
    }
}

fn by_id(conn: &mut PgConnection, id: i32) -> Result<Import> {
    Ok(imports::table
        .find(id)
        .select(Import::as_select())
        .first(conn)?)
}
