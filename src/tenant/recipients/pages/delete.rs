//! Deleting a recipient: for good, or, where lists fence an inner tenant, from its lists.

use super::super::{query, write};
use super::{Which, frame};
use crate::access::Access;
use crate::access::rights::DeleteRecipients;
use crate::error::Result;
use crate::tenant::fields::{self, Field};
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
    let row = access
        .run(move |conn| {
            let address = fields::address(conn)?;
            let columns = address
                .iter()
                .map(Field::shown)
                .collect::<Result<Vec<_>>>()?;
            query::one(conn, id, &columns)
        })
        .await?;
    let email = row.values.into_iter().next().flatten();
    let email = email.unwrap_or_else(|| fields::seen::DOTS.to_owned());
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
