//! Many recipients at once.

use super::body::Body;
use super::{Answer, ok};
use crate::access::rights::RunImports;
use crate::access::{Access, Routes};
use crate::db::ids::ListId;
use crate::error::{AppError, Result};
use crate::tenant::recipients::import::settings::Mode;
use crate::tenant::recipients::upsert::{Fate, MOST, Wanted, upsert};
use crate::web::i18n::Texts;
use crate::web::problem::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use utoipa::ToSchema;

/// How often it is tried when others change the same recipients.
const TRIES: u32 = 5;

pub(super) fn routes(r: &mut Routes) {
    r.post("/api/v1/t/{tenant}/recipients/bulk", bulk);
}

pub(super) fn describe(d: &mut super::Document) {
    d.post("/api/v1/t/{tenant}/recipients/bulk", "recipients", "Create or change up to 1,000 recipients")
        .more("In one transaction. A row that cannot be taken is refused by itself; its result tells why. Whoever left a list stays off it.")
        .takes::<Bulk>()
        .answers::<Done>();
}

/// What to do with rows.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum What {
    /// New recipients only.
    Add,
    /// New ones, and changes to known ones.
    #[default]
    Upsert,
    /// Changes to known ones only.
    Update,
}

/// Many recipients.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Bulk {
    /// Values by the fields' keys. What a row leaves out stays as it is; null empties a field.
    #[schema(value_type = Vec<Object>, max_items = 1000, example = json!([{ "email": "anna@example.org", "city": "Bonn" }]))]
    rows: Vec<Map<String, Value>>,
    #[serde(default)]
    mode: What,
    /// Key of the unique field that tells which recipient a row means.
    #[serde(default = "email")]
    key: String,
    /// Ids of mailing lists to subscribe to.
    #[serde(default)]
    #[schema(value_type = Vec<i32>)]
    lists: Vec<ListId>,
    /// What the recipients agreed to.
    #[serde(default)]
    consent: String,
}

fn email() -> String {
    "email".into()
}

/// What became of the rows.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = BulkResult)]
struct Done {
    created: usize,
    updated: usize,
    unchanged: usize,
    refused: usize,
    /// In the order of the rows.
    rows: Vec<RowResult>,
}

/// What became of a row.
#[derive(Debug, Serialize, ToSchema)]
struct RowResult {
    /// `created`, `updated`, `unchanged` or `refused`.
    result: &'static str,
    /// Refused: tells the fault; stays the same in every language.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Refused: the field that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Refused: why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

async fn bulk(access: Access<RunImports>, body: Body<Bulk>) -> Answer {
    let body = body.0;
    if body.rows.len() > MOST {
        let most = [("most", MOST.to_string())];
        return Err(Fault::at("rows", "api-too-many-rows", &most));
    }
    let wanted = Wanted {
        rows: body.rows,
        mode: match body.mode {
            What::Add => Mode::Add,
            What::Upsert => Mode::Upsert,
            What::Update => Mode::Update,
        },
        key: body.key,
        lists: body.lists,
        consent: Some(body.consent.trim().to_owned()).filter(|text| !text.is_empty()),
    };
    let fates = patiently(&access, &wanted).await.map_err(|error| {
        Fault::of(error, |key| {
            let field = if key == "import-key-not-unique" {
                "key"
            } else {
                "lists"
            };
            field.to_owned()
        })
    })?;
    let t = Texts::new(&access.context().language, "UTC");
    let mut done = Done::default();
    for fate in fates {
        let row = shown(&t, fate);
        match row.result {
            "created" => done.created += 1,
            "updated" => done.updated += 1,
            "unchanged" => done.unchanged += 1,
            _ => done.refused += 1,
        }
        done.rows.push(row);
    }
    ok(&done)
}

/// Does it again where others got in its way.
async fn patiently(access: &Access<RunImports>, wanted: &Wanted) -> Result<Vec<Fate>> {
    for tried in 1..TRIES {
        let again = wanted.clone();
        match access.run(move |conn| upsert(conn, &again)).await {
            Err(error) if error.is_transient() && !matches!(error, AppError::Unavailable) => {
                actix_web::rt::time::sleep(Duration::from_millis(50 << tried)).await;
            }
            other => return other,
        }
    }
    let last = wanted.clone();
    access.run(move |conn| upsert(conn, &last)).await
}

fn shown(t: &Texts, fate: Fate) -> RowResult {
    let plain = |result| RowResult {
        result,
        code: None,
        field: None,
        detail: None,
    };
    match fate {
        Fate::Created => plain("created"),
        Fate::Updated => plain("updated"),
        Fate::Unchanged => plain("unchanged"),
        Fate::Refused(why) => {
            let row = why.of_row.unwrap_or_default().to_string();
            let params = [
                ("row", row.clone()),
                ("line", row),
                ("key", why.field.clone()),
            ];
            RowResult {
                result: "refused",
                detail: Some(t.with_all(&why.key, &params)),
                code: Some(why.key),
                field: Some(why.field),
            }
        }
    }
}
