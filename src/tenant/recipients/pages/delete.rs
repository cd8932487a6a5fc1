//! Deleting a recipient: for good, or, where lists fence an inner tenant, from its lists.

use super::super::erase::{self, Waiting};
use super::super::{query, write};
use super::{Which, frame};
use crate::access::Access;
use crate::access::rights::DeleteRecipients;
use crate::error::{AppError, Result};
use crate::tenant::fields::{self, Field};
use crate::tenant::target_groups::rules::Column;
use crate::web::form::{NoFields, Submitted};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, see_other_saying};
use actix_web::{HttpResponse, web};

/// GET `…/recipients/{id}/delete`.
pub async fn confirm(
    access: Access<DeleteRecipients>,
    which: web::Path<Which>,
) -> Result<HttpResponse> {
    let id = which.open(&access)?;
    let only_lists = write::leaves_lists_only(access.tenant())?;
    // Files are searched for the address itself; what is shown of it is what this person may see.
    let (row, raw, uploads) = access
        .run(move |conn| {
            let address = fields::address(conn)?;
            let columns = address
                .iter()
                .map(Field::shown)
                .collect::<Result<Vec<_>>>()?;
            let raw: Vec<_> = Column::standard("email")
                .map(Into::into)
                .into_iter()
                .collect();
            let raw = query::one(conn, id, &raw)?;
            Ok((query::one(conn, id, &columns)?, raw, erase::uploads(conn)?))
        })
        .await?;
    let email = row.values.into_iter().next().flatten();
    let email = email.unwrap_or_else(|| fields::seen::DOTS.to_owned());
    let raw = raw.values.into_iter().next().flatten().unwrap_or_default();
    let p = frame(&access, "recipient-delete");
    let key = if only_lists {
        "recipient-delete-lists"
    } else {
        "recipient-delete-intro"
    };
    let mut intro = p.t.with(key, "email", &email);
    if !only_lists {
        intro += &imports(&access, &p, uploads, raw).await?;
    }
    let here = p.url(&format!("/recipients/{}", which.id));
    let form = FormView::new(format!("{here}/delete"), p.t("recipient-delete"))
        .danger()
        .cancel(here);
    p.render(|p| FormPage { p, intro, form })
}

/// What becomes of imports that wait and whose files name him; empty where there are none.
async fn imports(
    access: &Access<DeleteRecipients>,
    p: &Frame,
    uploads: Vec<erase::Upload>,
    email: String,
) -> Result<String> {
    let files = access.app().files.clone();
    let waiting = web::block(move || erase::waiting(&files, &uploads, &email))
        .await
        .map_err(|_| AppError::Unavailable)?;
    Ok(match waiting {
        Waiting::Named(names) if names.is_empty() => String::new(),
        Waiting::Named(names) => {
            let names = names.join(", ");
            format!(" {}", p.t.with("recipient-delete-imports", "files", &names))
        }
        Waiting::Perhaps => format!(" {}", p.t("recipient-delete-imports-perhaps")),
    })
}

/// POST `…/recipients/{id}/delete`.
pub async fn delete(
    access: Access<DeleteRecipients>,
    which: web::Path<Which>,
    form: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let id = which.open(&access)?;
    let only_lists = write::leaves_lists_only(access.tenant())?;
    if form.validated().is_err() {
        return confirm(access, which).await;
    }
    let sealed = which.id.clone();
    access
        .run(move |conn| write::remove(conn, id, &sealed, only_lists))
        .await?;
    Ok(see_other_saying(
        &format!("{}/recipients", access.tenant().base()),
        "success",
        "said-recipient-deleted",
        &[],
    ))
}
