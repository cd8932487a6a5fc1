//! The upload.

use crate::access::Access;
use crate::access::rights::RunImports;
use crate::db::ids::ImportId;
use crate::error::{AppError, Result};
use crate::tenant::fields;
use crate::tenant::recipients::import::upload::{self, Upload};
use crate::tenant::recipients::import::{acts, profiles};
use crate::web::form::error_at;
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other};
use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse};

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
async fn begin(access: &Access<RunImports>, file: Upload) -> Result<ImportId> {
    let path = access.app().files.join(&file.stored_as);
    let (here, user) = (access.tenant().clone(), access.user().clone());
    access
        .run(move |conn| {
            let fields = fields::askable(conn)?;
            let (source, guessed) = acts::look(&path, &fields, &here)?;
            let settings = match profiles::fitting(conn, &source)? {
                Some((id, profile)) => profile
                    .of_profile(id, &source, &here.time_zone)
                    .for_whom(&fields),
                None => guessed,
            };
            acts::begin(conn, &here, &user, &file, &settings)
        })
        .await
}
