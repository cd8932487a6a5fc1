//! The mapping is kept and tried: the dry run.

use super::form::MappingForm;
use super::mapping::{Mapping, load_mapping, mapping_anew, mapping_page};
use super::{Which, new_fields};
use crate::access::rights::{CreateFields, RunImports};
use crate::access::{Access, ControlAccess, TenantHere};
use crate::db::ids::{FieldId, ImportId};
use crate::db::schema::tenant::imports;
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields;
use crate::tenant::recipients::import::settings::Settings;
use crate::tenant::recipients::import::source::Source;
use crate::tenant::recipients::import::{acts, engine, guess, profiles};
use crate::web::form::{Errors, Submitted, error_at};
use crate::web::see_other;
use actix_web::{HttpResponse, web};
use diesel::prelude::*;

/// POST `…/imports/{id}/mapping`. Whoever may create fields may have columns become new ones.
pub(super) async fn check(
    access: Access<RunImports>,
    create: Option<ControlAccess<CreateFields>>,
    path: web::Path<Which>,
    form: Submitted<MappingForm>,
) -> Result<HttpResponse> {
    let id = path.id;
    let found = load(&access, id).await?;
    if found.import.is_at_work() || found.import.state == "done" {
        return Err(AppError::Conflict);
    }
    let before = found.import.settings();
    let mut form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(faulty) => {
            let settings = faulty.typed.settings(&found.source, &before);
            return mapping_page(&access, &found, &settings, &faulty.typed, &faulty.errors);
        }
    };
    let mut settings = form.settings(&found.source, &before);
    let mapping = format!("{}/imports/{id}/mapping", access.tenant().base());
    if let Some(profile) = settings
        .profile
        .filter(|id| !form.again && before.profile != Some(*id))
    {
        // It replaces what was chosen; the page shows it before anything happens.
        take_profile(&access, id, profile, found.source).await?;
        return Ok(see_other(&mapping));
    }
    if form.again || settings.reading != before.reading {
        // Read otherwise, the columns may be others: show them before anything happens.
        return read_again(&access, &found, &settings, &form).await;
    }
    let wished = new_fields::wished(&found, &settings, &form);
    if create.is_some() && !wished.is_empty() {
        let mut errors = Errors::new();
        for index in wished {
            form.new.insert(index);
            errors.extend(error_at(
                &format!("column_{index}"),
                "import-new-field-wished",
                &[],
            ));
        }
        return mapping_page(&access, &found, &settings, &form, &errors);
    }
    if !form.new.is_empty() {
        let create = create.ok_or_else(|| may_not_create(access.tenant()))?;
        let (wanted, mut errors) = new_fields::definitions(&found, &settings, &form)?;
        if errors.is_empty() {
            errors = new_fields::create(&create, &found, wanted, &mut settings, &mut form).await?;
        }
        if !errors.is_empty() {
            // Some may be there by now.
            let found = load(&access, id).await?;
            return mapping_page(&access, &found, &settings, &form, &errors);
        }
    }
    let found = load(&access, id).await?;
    let mut errors = not_importable(&found, &settings);
    if let Err(unmapped) = key_is_mapped(&settings) {
        errors.extend(unmapped);
    }
    if !errors.is_empty() {
        return mapping_page(&access, &found, &settings, &form, &errors);
    }
    let here = access.tenant().clone();
    access
        .run(move |conn| {
            save(conn, &here, id, &settings)?;
            acts::start(conn, id, true)
        })
        .await?;
    Ok(see_other(&format!(
        "{}/imports/{id}",
        access.tenant().base()
    )))
}

/// In an inner tenant there is no such thing as creating a field.
fn may_not_create(here: &TenantHere) -> AppError {
    if here.is_inner() {
        AppError::NotFound
    } else {
        AppError::Forbidden {
            right: "fields.create",
        }
    }
}

fn key_is_mapped(settings: &Settings) -> std::result::Result<(), Errors> {
    let key = settings.key.unwrap_or(FieldId(1));
    if settings.mapping.iter().any(|mapped| mapped.field == key) {
        Ok(())
    } else {
        Err(error_at("key", "import-key-unmapped", &[]))
    }
}

/// Columns that were mapped to what whoever imports may not fill, or does not know of.
fn not_importable(found: &Mapping, settings: &Settings) -> Errors {
    let mut errors = Errors::new();
    for mapped in &settings.mapping {
        let mut fields = found.fields.iter();
        let may = |field: &fields::Field| field.id == mapped.field && field.is_importable();
        let index = found
            .source
            .columns
            .iter()
            .position(|column| *column == mapped.column);
        if let (false, Some(index)) = (fields.any(may), index) {
            let column = [("column", mapped.column.clone())];
            errors.extend(error_at(
                &format!("column_{index}"),
                "import-field-not-yours",
                &column,
            ));
        }
    }
    errors
}

async fn load(access: &Access<RunImports>, id: ImportId) -> Result<Mapping> {
    let files = access.app().files.clone();
    access.run(move |conn| load_mapping(conn, &files, id)).await
}

async fn take_profile(
    access: &Access<RunImports>,
    id: ImportId,
    profile: i32,
    source: Source,
) -> Result<()> {
    let here = access.tenant().clone();
    access
        .run(move |conn| {
            let settings = profiles::by_id(conn, profile)?;
            let settings = settings
                .of_profile(profile, &source, &here.time_zone)
                .for_whom(&fields::askable(conn)?);
            save(conn, &here, id, &settings)
        })
        .await
}

/// Reads the file otherwise. What was chosen stays for the columns that are still there; the others are
/// guessed.
async fn read_again(
    access: &Access<RunImports>,
    found: &Mapping,
    settings: &Settings,
    form: &MappingForm,
) -> Result<HttpResponse> {
    let (here, files) = (access.tenant().clone(), access.app().files.clone());
    let id = ImportId(found.import.id);
    let (before, chosen) = (found.source.clone(), settings.clone());
    let read = access
        .run(move |conn| {
            let stored_as = acts::open(conn, id)?.stored_as;
            let path = files.join(stored_as.ok_or_else(|| AppError::invalid("file-gone"))?);
            let source =
                Source::look(&path, &chosen.reading).map_err(|fault| engine::file_error(&fault))?;
            let all = fields::askable(conn)?;
            let settings = guess::again(&before, &chosen, &source, &all, &here.time_zone);
            save(conn, &here, id, &settings)?;
            load_mapping(conn, &files, id)
        })
        .await;
    match read {
        Ok(now) => {
            let changed = new_fields::changed(found, settings, form);
            let form = form.of_columns(&found.source, &now.source, &changed);
            mapping_anew(access, &now, &form)
        }
        Err(AppError::Invalid { key, params }) => {
            let input = match found.source.reading.sheet {
                Some(_) => "sheet",
                None => "encoding",
            };
            let errors = error_at(input, key, &params);
            mapping_page(access, found, settings, form, &errors)
        }
        Err(other) => Err(other),
    }
}

fn save(
    conn: &mut TenantConn<'_, Write>,
    here: &TenantHere,
    id: ImportId,
    settings: &Settings,
) -> Result<()> {
    let mut stored = serde_json::json!(settings);
    stored["language"] = here.locale.clone().into();
    diesel::update(imports::table.find(id.0))
        .set(imports::settings.eq(stored))
        .execute(conn.pg())?;
    Ok(())
}
