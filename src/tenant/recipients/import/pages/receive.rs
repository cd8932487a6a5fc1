//! The upload.

use crate::access::Access;
use crate::access::rights::RunImports;
use crate::db::schema::tenant::imports;
use crate::error::{AppError, Result};
use crate::tenant::fields::{self};
use crate::tenant::recipients::import::settings::{Reading, Settings};
use crate::tenant::recipients::import::source::Source;
use crate::tenant::recipients::import::{engine, guess, upload};
use crate::web::form::error_at;
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other};
use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse};
use diesel::prelude::*;

pub(super) fn upload_form(p: &Frame) -> FormView {
    FormView::new(p.url("/imports"), p.t("import-upload"))
        .input(
            Input::new(
                InputKind::File(".csv,.txt,.tsv,.xlsx"),
                "file",
                p.t("import-file"),
            )
            .help(p.t("import-file-help"))
            .required(),
        )
        .cancel(p.url("/imports"))
}

pub(super) async fn new(access: Access<RunImports>) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "import-new")
        .section("imports")
        .crumb(
            Frame::new(access.context(), "nav-imports").title,
            format!("{}/imports", access.tenant().base()),
        );
    let form = upload_form(&p);
    p.render(|p| FormPage {
        intro: p.t("import-new-intro"),
        form,
        p,
    })
}

pub(super) async fn receive(
    access: Access<RunImports>,
    req: HttpRequest,
    parts: Multipart,
) -> Result<HttpResponse> {
    let app = access.app();
    let received = upload::receive(
        &req,
        parts,
        access.context(),
        &app.files,
        access.tenant().id,
        app.config.limits.upload_bytes(),
    )
    .await;
    let begun = match received {
        Ok(file) => begin(&access, file).await,
        Err(error) => Err(error),
    };
    match begun {
        Ok(id) => Ok(see_other(&format!(
            "{}/imports/{id}/mapping",
            access.tenant().base()
        ))),
        Err(AppError::Invalid { key, params }) => {
            let p = Frame::new(access.context(), "import-new").section("imports");
            let form = upload_form(&p).errors(&p.t, &error_at("file", key, &params));
            p.render_again(|p| FormPage {
                intro: p.t("import-new-intro"),
                form,
                p,
            })
        }
        Err(other) => Err(other),
    }
}

/// Looks at the file and keeps what it probably is.
pub(super) async fn begin(access: &Access<RunImports>, file: upload::Upload) -> Result<i32> {
    let path = access.app().files.join(&file.stored_as);
    let (zone, language, user) = (
        access.tenant().time_zone.clone(),
        access.tenant().locale.clone(),
        access.user().id,
    );
    access
        .run(move |conn| {
            let source = Source::look(&path, &Reading::default()).map_err(|fault| {
                let _ = std::fs::remove_file(&path);
                engine::file_error(&fault)
            })?;
            let all = fields::all(conn.pg())?;
            let settings = Settings {
                mapping: guess::mapping(&source, &all),
                formats: guess::formats(&source, &zone),
                reading: source.reading,
                ..Settings::default()
            };
            let mut stored = serde_json::json!(settings);
            stored["language"] = language.into();
            Ok(diesel::insert_into(imports::table)
                .values((
                    imports::state.eq("uploaded"),
                    imports::file_name.eq(&file.name),
                    imports::stored_as.eq(&file.stored_as),
                    imports::file_size.eq(file.size as i64),
                    imports::settings.eq(stored),
                    imports::created_by.eq(user.0),
                ))
                .returning(imports::id)
                .get_result(conn.pg())?)
        })
        .await
}
