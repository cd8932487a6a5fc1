//! Deleting a recipient: for good, or, where lists fence an inner tenant, from its lists.

use super::super::erase::{self, Waiting};
use super::super::{query, write};
use super::{Which, frame};
use crate::access::Access;
use crate::access::rights::DeleteRecipients;
use crate::error::{AppError, Result};
use crate::tenant::fields::{self, Field};
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
    let (row, seen, uploads) = access
        .run(move |conn| {
            let address = fields::address(conn)?;
            let columns = address
                .iter()
                .map(Field::shown)
                .collect::<Result<Vec<_>>>()?;
            let seen = address.is_some_and(|field| !field.is_masked());
            Ok((query::one(conn, id, &columns)?, seen, erase::uploads(conn)?))
        })
        .await?;
    let email = row.values.into_iter().next().flatten();
    // Files are searched for an address only for who may see it.
    let known = email.clone().filter(|_| seen);
    let email = email.unwrap_or_else(|| fields::seen::DOTS.to_owned());
    let p = frame(&access, "recipient-delete");
    let key = if only_lists {
        "recipient-delete-lists"
    } else {
        "recipient-delete-intro"
    };
    let mut intro = p.t.with(key, "email", &email);
    if !only_lists {
        intro += &imports(&access, &p, uploads, known).await?;
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
    email: Option<String>,
) -> Result<String> {
    let perhaps = || format!(" {}", p.t("recipient-delete-imports-perhaps"));
    let Some(email) = email else {
        return Ok(if uploads.is_empty() {
            String::new()
        } else {
            perhaps()
        });
    };
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
        Waiting::Perhaps => perhaps(),
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
