//! Bulk acts on the list: what, for whom, how many; then the job and its progress page.

use super::super::bulk::{Act, KIND, Order, Whom, entry};
use super::super::query::{self, Count};
use super::super::state::State;
use super::super::typed::canonical;
use super::super::write::leaves_lists_only;
use super::list::count_text;
use super::{frame, seal};
use crate::access::Access;
use crate::access::rights::{BulkRecipients, DeleteRecipients, Right, ViewRecipients};
use crate::db::ids::{FieldId, JobId, ListId, RecipientId};
use crate::db::{Mode, TenantConn, Write};
use crate::error::{AppError, Result};
use crate::jobs::queue;
use crate::tenant::fields::{self, Field};
use crate::tenant::lists::{self, List};
use crate::web::form::{Errors, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;

/// What the list sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    act: String,
    which: String,
    chosen: Vec<String>,
}

/// What the confirmation sends.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub struct Confirmed {
    act: String,
    which: String,
    /// Sealed ids, separated by spaces.
    chosen: String,
    /// The list's state.
    state: String,
    field: String,
    value: String,
    /// Whether the field is to be emptied; an empty value alone is no wish.
    clear: String,
    list: String,
    consent: String,
    /// The tenant's name, typed where many are deleted for good.
    sure: String,
}

impl Confirmed {
    /// What the list was narrowed to. One that cannot be read must not become all.
    fn state(&self) -> Result<State> {
        serde_html_form::from_str(&self.state).map_err(|_| AppError::invalid("form-unreadable"))
    }

    fn ids<R: Right>(&self, access: &Access<R>) -> Vec<RecipientId> {
        let seal = seal(access);
        self.chosen
            .split(' ')
            .filter_map(|sealed| seal.open(sealed))
            .collect()
    }
}

/// What the confirmation shows.
struct Seen {
    fields: Vec<Field>,
    lists: Vec<List>,
    count: Count,
}

fn look<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    state: &State,
    chosen: Option<usize>,
) -> Result<Seen> {
    let fields = fields::askable(conn)?;
    let count = match chosen {
        Some(count) => Count {
            count: count as i64,
            exact: true,
        },
        None => query::count_within(conn, &state.strict_filter(&fields)?, 5_000)?,
    };
    Ok(Seen {
        lists: lists::all(conn)?,
        fields,
        count,
    })
}

/// GET `…/recipients/bulk`: how many are meant, and what the act needs to know.
pub async fn ask(access: Access<ViewRecipients>, request: HttpRequest) -> Result<HttpResponse> {
    let text = request.query_string();
    let asked: Asked =
        serde_html_form::from_str(text).map_err(|_| AppError::invalid("form-unreadable"))?;
    let state: State =
        serde_html_form::from_str(text).map_err(|_| AppError::invalid("form-unreadable"))?;
    if asked.which != "all" && asked.chosen.is_empty() {
        return Ok(crate::web::see_other_saying(
            &format!("{}/recipients?{}", access.tenant().base(), state.query()),
            "warning",
            "said-bulk-nothing-chosen",
            &[],
        ));
    }
    let typed = Confirmed {
        act: asked.act,
        which: asked.which,
        chosen: asked.chosen.join(" "),
        state: state.narrowing().query(),
        ..Confirmed::default()
    };
    show(&access, &typed, &Errors::new()).await
}

async fn show<R: Right>(
    access: &Access<R>,
    typed: &Confirmed,
    errors: &Errors,
) -> Result<HttpResponse> {
    let chosen = (typed.which != "all").then(|| typed.ids(access).len());
    let state = typed.state()?;
    let back = format!("/recipients?{}", state.query());
    let seen = access.run(move |conn| look(conn, &state, chosen)).await?;
    let (title, submit, url) = match typed.act.as_str() {
        "set" => ("bulk-set", "bulk-do-set", "/recipients/bulk"),
        "subscribe" => ("bulk-subscribe", "bulk-do-subscribe", "/recipients/bulk"),
        "unsubscribe" => (
            "bulk-unsubscribe",
            "bulk-do-unsubscribe",
            "/recipients/bulk",
        ),
        "delete" => ("bulk-delete", "bulk-do-delete", "/recipients/bulk/delete"),
        _ => return Err(AppError::NotFound),
    };
    let p = frame(access, title);
    let number = count_text(&p.t, seen.count);
    let name = access.tenant().name.clone();
    let mut intro = p.t.with_all(
        "bulk-intro",
        &[("recipients", number.clone()), ("tenant", name.clone())],
    );
    let mut inputs = inputs(&p, typed, &seen);
    if typed.act == "delete" {
        let for_good = !(access.tenant().is_inner() && access.tenant().fenced_by_lists);
        let key = if for_good {
            "bulk-delete-gone"
        } else {
            "bulk-delete-lists"
        };
        intro = format!("{intro} {}", p.t(key));
        if for_good && many(seen.count) {
            let help = p.t.with("bulk-sure-help", "tenant", &name);
            inputs.push(
                Input::line("sure", p.t("bulk-sure"), &typed.sure)
                    .required()
                    .autocomplete("off")
                    .help(help),
            );
        }
    }
    let submit = p.t.with(submit, "recipients", &number);
    let mut form = FormView::new(p.url(url), submit)
        .inputs(inputs)
        .cancel(p.url(&back));
    for (name, value) in [
        ("act", &typed.act),
        ("which", &typed.which),
        ("chosen", &typed.chosen),
        ("state", &typed.state),
    ] {
        form = form.input(Input::new(InputKind::Hidden, name, "").value(value));
    }
    if typed.act == "delete" {
        form = form.danger();
    }
    FormPage::answer(p, intro, form, Some(errors).filter(|all| !all.is_empty()))
}

/// Recipients that are deleted without typing the tenant's name.
const FEW: i64 = 100;

fn many(count: Count) -> bool {
    !count.exact || count.count > FEW
}

fn inputs(p: &Frame, typed: &Confirmed, seen: &Seen) -> Vec<Input> {
    let lists = || {
        let options = seen
            .lists
            .iter()
            .map(|list| (list.id.to_string(), list.name.clone()))
            .collect();
        Input::select("list", p.t("subscription-list"), options, &typed.list)
    };
    match typed.act.as_str() {
        "set" => {
            let fields = seen.fields.iter().filter(|field| can_be_set(field));
            let fields =
                fields.map(|field| (field.id.to_string(), field.label(p.t.language()).to_owned()));
            // None is chosen beforehand: what is done to many must be meant.
            let none = (String::new(), p.t("bulk-field-choose"));
            let fields = std::iter::once(none).chain(fields).collect();
            let clear = !typed.clear.is_empty();
            vec![
                Input::select("field", p.t("recipients-field"), fields, &typed.field).required(),
                Input::line("value", p.t("recipients-value"), &typed.value)
                    .help(p.t("bulk-value-help")),
                Input::check("clear", p.t("bulk-clear"), clear).help(p.t("bulk-clear-help")),
            ]
        }
        "subscribe" => vec![
            lists(),
            Input::new(InputKind::Area(2), "consent", p.t("subscription-consent"))
                .help(p.t("subscription-consent-help"))
                .value(&typed.consent),
        ],
        "unsubscribe" => vec![lists()],
        _ => Vec::new(),
    }
}

fn can_be_set(field: &Field) -> bool {
    field.is_editable() && !field.is_unique
}

/// POST `…/recipients/bulk`: set, subscribe, unsubscribe.
pub async fn change(
    access: Access<BulkRecipients>,
    form: Submitted<Confirmed>,
) -> Result<HttpResponse> {
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(faulty) => return show(&access, &faulty.typed, &faulty.errors).await,
    };
    let all = access.run(fields::all).await?;
    let zone = access
        .user()
        .time_zone
        .parse()
        .unwrap_or(chrono_tz::Tz::UTC);
    let act = match act_of(&form, &all, zone)? {
        Ok(act) => act,
        Err(errors) => return show(&access, &form, &errors).await,
    };
    begin(&access, &form, act).await
}

fn act_of(
    form: &Confirmed,
    all: &[Field],
    zone: chrono_tz::Tz,
) -> Result<std::result::Result<Act, Errors>> {
    let list = || form.list.parse::<ListId>().map_err(|_| AppError::NotFound);
    match form.act.as_str() {
        "subscribe" => {
            let consent = Some(form.consent.trim().to_owned()).filter(|text| !text.is_empty());
            Ok(Ok(Act::Subscribe {
                list: list()?,
                consent,
            }))
        }
        "unsubscribe" => Ok(Ok(Act::Unsubscribe { list: list()? })),
        "set" => {
            if form.field.is_empty() {
                return Ok(Err(error_at("field", "bulk-field-missing", &[])));
            }
            let (empty, clear) = (form.value.trim().is_empty(), !form.clear.is_empty());
            if empty != clear {
                let (field, key) = match empty {
                    true => ("value", "bulk-value-missing"),
                    false => ("clear", "bulk-clear-or-value"),
                };
                return Ok(Err(error_at(field, key, &[])));
            }
            let id: FieldId = form.field.parse().map_err(|_| AppError::NotFound)?;
            let field = all
                .iter()
                .find(|field| field.id == id && can_be_set(field))
                .ok_or(AppError::NotFound)?;
            let kind = field.kind()?;
            Ok(match canonical(&kind, &form.value, zone) {
                Some(None) if field.required => Err(error_at("value", "recipient-required", &[])),
                Some(value) => Ok(Act::Set { field: id, value }),
                None => Err(error_at(
                    "value",
                    &format!("recipient-wrong-{}", kind.name()),
                    &[],
                )),
            })
        }
        _ => Err(AppError::NotFound),
    }
}

/// POST `…/recipients/bulk/delete`.
pub async fn delete(
    access: Access<DeleteRecipients>,
    form: Submitted<Confirmed>,
) -> Result<HttpResponse> {
    let only_lists = leaves_lists_only(access.tenant())?;
    match form.validated() {
        Ok(form) => {
            let form = form.into_inner();
            if !only_lists && !is_sure(&access, &form).await? {
                let name = [("tenant", access.tenant().name.clone())];
                let errors = error_at("sure", "bulk-sure-wrong", &name);
                return show(&access, &form, &errors).await;
            }
            begin(&access, &form, Act::Delete { only_lists }).await
        }
        Err(faulty) => show(&access, &faulty.typed, &faulty.errors).await,
    }
}

/// Whether few are meant, or the tenant's name was typed.
async fn is_sure<R: Right>(access: &Access<R>, form: &Confirmed) -> Result<bool> {
    if form.sure.trim() == access.tenant().name {
        return Ok(true);
    }
    if form.which != "all" {
        return Ok(form.ids(access).len() as i64 <= FEW);
    }
    let state = form.state()?;
    let seen = access.run(move |conn| look(conn, &state, None)).await?;
    Ok(!many(seen.count))
}

/// Puts the order into the queue, in the transaction that notes it.
async fn begin<R: Right<Mode = Write>>(
    access: &Access<R>,
    form: &Confirmed,
    act: Act,
) -> Result<HttpResponse> {
    let ids = (form.which != "all").then(|| form.ids(access));
    let state = form.state()?;
    let job: JobId = access
        .run(move |conn| {
            let whom = match ids {
                Some(ids) => Whom::Chosen(ids),
                None => {
                    let all = fields::askable(conn)?;
                    Whom::matching(conn, &state.strict_filter(&all)?)?
                }
            };
            let order = Order { act, whom };
            let job = queue::enqueue(conn, KIND.name, &json!(order))?;
            entry::asked(conn, job, &order)?;
            Ok(job)
        })
        .await?;
    Ok(see_other(&format!(
        "{}/jobs/{job}?back=recipients",
        access.tenant().base()
    )))
}
