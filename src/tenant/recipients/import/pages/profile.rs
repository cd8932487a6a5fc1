//! An import's settings kept for the next time.

use super::Which;
use crate::access::Access;
use crate::access::rights::RunImports;
use crate::db::schema::tenant::import_profiles;
use crate::error::{AppError, Result};
use crate::tenant::recipients::import::acts;
use crate::web::form::Submitted;
use crate::web::see_other_saying;
use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use serde::Deserialize;
use validator::Validate;

/// What the form of a profile sends.
#[derive(Debug, Deserialize, Validate)]
pub(super) struct ProfileForm {
    #[serde(default)]
    name: String,
}

pub(super) async fn save_profile(
    access: Access<RunImports>,
    path: web::Path<Which>,
    form: Submitted<ProfileForm>,
) -> Result<HttpResponse> {
    let id = path.id;
    let name = form
        .validated()
        .map_err(|_| AppError::invalid("form-unreadable"))?
        .into_inner()
        .name;
    let name: String = name.trim().chars().take(100).collect();
    if name.is_empty() {
        return Err(AppError::invalid("import-profile-name"));
    }
    let kept = access
        .run(move |conn| {
            // Nothing but the settings: what a dry run found stands beside them.
            let settings = serde_json::json!(acts::by_id(conn, id)?.settings());
            diesel::insert_into(import_profiles::table)
                .values((
                    import_profiles::name.eq(name),
                    import_profiles::settings.eq(settings),
                ))
                .execute(conn.pg())?;
            Ok(())
        })
        .await;
    let to = format!("{}/imports/{id}", access.tenant().base());
    match kept {
        Ok(()) => Ok(see_other_saying(&to, "success", "said-profile-saved", &[])),
        Err(AppError::Constraint(_)) => {
            Ok(see_other_saying(&to, "danger", "said-profile-taken", &[]))
        }
        Err(other) => Err(other),
    }
}
