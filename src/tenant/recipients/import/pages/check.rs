//! The mapping is kept and tried: the dry run.

use super::Which;
use super::form::MappingForm;
use super::mapping::{detected, load_mapping, mapping_form, mapping_frame};
use crate::access::Access;
use crate::access::rights::RunImports;
use crate::db::ids::{FieldId, ImportId};
use crate::db::schema::tenant::{import_profiles, imports};
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::recipients::import::acts;
use crate::tenant::recipients::import::settings::Reading;
use crate::web::form::{Errors, Submitted, error_at};
use crate::web::see_other;
use crate::web::view::FormPage;
use actix_web::{HttpResponse, web};
use diesel::prelude::*;

pub(super) async fn check(
    access: Access<RunImports>,
    path: web::Path<Which>,
    form: Submitted<MappingForm>,
) -> Result<HttpResponse> {
    let (id, files) = (path.id, access.app().files.clone());
    let found = access
        .run(move |conn| load_mapping(conn, &files, id))
        .await?;
    if found.import.is_at_work() || found.import.state == "done" {
        return Err(AppError::Conflict);
    }
    let typed = form
        .validated()
        .map_err(|_| AppError::invalid("form-unreadable"))?
        .into_inner();
    let before = found.import.settings();
    let mut settings = typed.settings(&found.source.columns, &before);
    let again_here = format!("{}/imports/{id}/mapping", access.tenant().base());
    if let Ok(profile) = typed.profile.parse::<i32>() {
        // A profile replaces what was chosen; the page shows it before anything happens.
        access
            .run(move |conn| {
                let stored: serde_json::Value = import_profiles::table
                    .find(profile)
                    .select(import_profiles::settings)
                    .first(conn.pg())?;
                save(conn, id, &stored)
            })
            .await?;
        return Ok(see_other(&again_here));
    }
    if settings.reading != before.reading {
        // Read otherwise, the columns are others: guess anew and show.
        let reading = settings.reading.clone();
        access
            .run(move |conn| read_anew(conn, id, &reading))
            .await?;
        return Ok(see_other(&again_here));
    }
    if !settings
        .mapping
        .iter()
        .any(|mapped| Some(mapped.field) == settings.key.or(Some(FieldId(1))))
    {
        let p = mapping_frame(&access, &found);
        let errors: Errors = error_at("key", "import-key-unmapped", &[]);
        let form = mapping_form(&p, &found, &settings).errors(&p.t, &errors);
        return p.render_again(|p| FormPage {
            intro: detected(&p, &found.source),
            form,
            p,
        });
    }
    settings.formats.zone = before.formats.zone;
    let mut stored = serde_json::json!(settings);
    stored["language"] = access.tenant().locale.clone().into();
    access
        .run(move |conn| {
            save(conn, id, &stored)?;
            acts::start(conn, id, true)
        })
        .await?;
    Ok(see_other(&format!(
        "{}/imports/{id}",
        access.tenant().base()
    )))
}

fn save(conn: &mut TenantConn<'_, Write>, id: ImportId, stored: &serde_json::Value) -> Result<()> {
    diesel::update(imports::table.find(id.0))
        .set(imports::settings.eq(stored))
        .execute(conn.pg())?;
    Ok(())
}

fn read_anew(conn: &mut TenantConn<'_, Write>, id: ImportId, reading: &Reading) -> Result<()> {
    let import = acts::by_id(conn, id)?;
    let mut stored = import.settings;
    stored["reading"] = serde_json::json!(reading);
    stored["mapping"] = serde_json::json!([]);
    save(conn, id, &stored)
}
