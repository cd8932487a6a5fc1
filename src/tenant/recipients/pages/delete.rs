//! Deleting a recipient: for good, or, where lists fence an inner tenant, from its lists.

use super::super::{query, write};
use super::{Which, frame};
use crate::access::Access;
use crate::access::rights::DeleteRecipients;
use crate::error::Result;
use crate::tenant::target_groups::rules::Column;
use crate::web::form::{NoFields, Submitted};
use crate::web::view::FormPage;
use crate::web::{FormView, see_other_saying};
use actix_web::{HttpResponse, web};

/// GET `…/recipients/{id}/delete`.
pub async fn confirm(
    access: Access<DeleteRecipients>,
    which: web::Path<Which>,
) -> Result<HttpResponse> {
    let id = which.open(&access)?;
    let only_lists = write::leaves_lists_only(access.tenant())?;
    let columns: Vec<Column> = Column::standard("email").into_iter().collect();
    let row = access
        .run(move |conn| query::one(conn, id, &columns))
        .await?;
    let email = row.values.into_iter().next().flatten().unwrap_or_default();
    let p = frame(&access, "recipient-delete");
    let key = if only_lists {
        "recipient-delete-lists"
    } else {
        "recipient-delete-intro"
    };
    let intro = p.t.with(key, "email", &email);
    let here = p.url(&format!("/recipients/{}", which.id));
    let form = FormView::new(format!("{here}/delete"), p.t("recipient-delete"))
        .danger()
        .cancel(here);
    p.render(|p| FormPage { p, intro, form })
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
