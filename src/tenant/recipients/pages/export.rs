//! The download of the recipients that match, as it is written.

use super::super::export::Export;
use super::super::query::{self, Cursor};
use super::super::state::State;
use super::columns::chosen;
use crate::access::Access;
use crate::access::rights::ExportRecipients;
use crate::clock;
use crate::control::audit;
use crate::error::Result;
use crate::tenant::{fields, lists};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

/// How long the entry in the log may wait to name how many are exported; then it does not.
const COUNT_MS: u32 = 3_000;

/// What is still to be sent.
enum Rest {
    From(Option<Cursor>),
    Nothing,
}

/// What the file is like; everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct How {
    /// `shown` for the columns that the list shows; else all.
    columns: String,
    /// `on` for a file that Excel opens by a double click.
    excel: String,
}

/// GET `…/recipients/export`: CSV, and an entry in the log.
pub async fn download(
    access: Access<ExportRecipients>,
    state: web::Query<State>,
    how: web::Query<How>,
) -> Result<HttpResponse> {
    let state = state.into_inner();
    let shown = match how.columns.as_str() {
        "shown" => Some(chosen(&access).await?),
        _ => None,
    };
    let export = access
        .run(move |conn| {
            let all = fields::askable(conn)?;
            let filter = state.strict_filter(&all)?;
            let list = match &filter.list {
                Some((list, _)) => Some(lists::by_id(conn, *list)?.name),
                None => None,
            };
            let count = query::count_within(conn, &filter, COUNT_MS)?;
            let count = count.exact.then_some(count.count);
            let columns = shown.map(|shown| shown.of(&all));
            let export = Export::new(columns.as_deref().unwrap_or(&all), filter)?;
            let data = json!({
                "count": count, "filtered": state.narrows(), "list": list, "columns": export.keys(),
            });
            audit::record_in_tenant(conn, "recipients.export", "", &data)?;
            Ok(export)
        })
        .await?;
    let export = match how.excel.as_str() {
        "on" => export.for_excel(access.context().language == "de"),
        _ => export,
    };
    let name = format!(
        "recipients-{}-{}.csv",
        access.tenant().path.replace('/', "-"),
        clock::now().format("%Y-%m-%d")
    );
    let header = web::Bytes::from(export.csv_header()?);
    let start = (access, export, Rest::From(None), Some(header));
    let body =
        futures_util::stream::try_unfold(start, |(access, export, rest, header)| async move {
            if let Some(header) = header {
                return Ok(Some((header, (access, export, rest, None))));
            }
            let Rest::From(after) = rest else {
                return Ok::<_, crate::error::AppError>(None);
            };
            let asked = export.clone();
            let part = access
                .run(move |conn| asked.part(conn, after.as_ref()))
                .await?;
            let lines = web::Bytes::from(export.csv(&part.rows)?);
            let rest = match part.next {
                Some(next) => Rest::From(Some(next)),
                None => Rest::Nothing,
            };
            Ok(Some((lines, (access, export, rest, None))))
        });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(body))
}
