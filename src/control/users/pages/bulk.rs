//! One act for several users, chosen in the list: looked at first, then done for each by himself.

use super::super::query::{self, Person};
use super::super::several::{Act, Refusal};
use super::{frame, role_labels};
use crate::access::ControlAccess;
use crate::access::rights::ChangeUsers;
use crate::control::memberships::Granter;
use crate::control::roles::{self, Role, words};
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::days;
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::{Cell, FormView, Frame, Input, InputKind, Table, see_other_saying};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use std::collections::BTreeMap;
use validator::Validate;

const ACTS: [(&str, &str); 7] = [
    ("give", "users-bulk-give"),
    ("take", "users-bulk-take"),
    ("until", "users-bulk-until"),
    ("deactivate", "users-deactivate"),
    ("activate", "users-activate"),
    ("sessions", "users-end-sessions"),
    ("compare", "users-bulk-compare"),
];

/// What list and look send.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct BulkForm {
    act: String,
    role_key: String,
    until: String,
    chosen: Vec<i32>,
}

impl BulkForm {
    fn title(&self) -> Result<&'static str> {
        let found = ACTS.iter().find(|(act, _)| *act == self.act);
        found.map(|(_, title)| *title).ok_or(AppError::NotFound)
    }

    /// The act meant, or the field that says none.
    fn act(&self, zone: &str) -> Result<std::result::Result<Act, Errors>> {
        Ok(Ok(match self.act.as_str() {
            "give" | "take" if self.role_key.is_empty() => {
                return Ok(Err(error_at("role_key", "users-bulk-role-missing", &[])));
            }
            "give" => Act::Give(self.role_key.clone()),
            "take" => Act::Take(self.role_key.clone()),
            "until" if self.until.trim().is_empty() => Act::Until(None),
            "until" => match days::end_of(self.until.trim(), zone) {
                Some(until) => Act::Until(Some(until)),
                None => return Ok(Err(error_at("until", "membership-day-unreadable", &[]))),
            },
            "deactivate" => Act::SetActive(false),
            "activate" => Act::SetActive(true),
            "sessions" => Act::EndSessions,
            // To compare is to look; there is nothing to do.
            _ => return Err(AppError::NotFound),
        }))
    }
}

/// What can be done, for the bar below the list.
pub(super) fn inputs(p: &Frame, usable: &[Role]) -> Vec<Input> {
    let acts = ACTS
        .map(|(act, title)| (act.to_owned(), p.t(title)))
        .to_vec();
    vec![
        Input::select("act", p.t("bulk-act"), acts, "give"),
        role_input(p, usable, ""),
    ]
}

fn role_input(p: &Frame, usable: &[Role], chosen: &str) -> Input {
    let none = (String::new(), "–".to_owned());
    let roles = usable
        .iter()
        .map(|role| (role.key.clone(), words::label_of(p, role)));
    let options = std::iter::once(none).chain(roles).collect();
    Input::select("role_key", p.t("users-role"), options, chosen)
}

#[derive(Template)]
#[template(path = "control/users/bulk.html")]
struct Page {
    p: Frame,
    intro: String,
    table: Table,
    form: FormView,
}

pub(super) async fn page(
    access: ControlAccess<ChangeUsers>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let asked: BulkForm = serde_html_form::from_str(req.query_string())
        .map_err(|_| AppError::invalid("form-unreadable"))?;
    let base = access.tenant().base();
    let url = format!("{base}/users");
    let again = |key| see_other_saying(&url, "warning", key, &[]);
    if asked.chosen.is_empty() {
        return Ok(again("said-users-none-chosen"));
    }
    if asked.act == "compare" {
        return Ok(match asked.chosen[..] {
            [one, other] => {
                let url = format!("{base}/users/compare?one={one}&other={other}");
                crate::web::page::see_other(&url)
            }
            _ => again("said-users-choose-two"),
        });
    }
    look(&access, &asked, &Errors::new(), &[]).await
}

/// Whom it concerns and what it needs to know; after a try, why it was refused to those who are left.
async fn look(
    access: &ControlAccess<ChangeUsers>,
    typed: &BulkForm,
    errors: &Errors,
    refused: &[(UserId, Refusal)],
) -> Result<HttpResponse> {
    let title = typed.title()?;
    let (tenant, chosen) = (access.tenant().id, typed.chosen.clone());
    let (people, usable) = access
        .run(move |conn| {
            let people = query::those(conn.pg(), tenant, &chosen)?;
            Ok((people, roles::usable(conn.pg(), tenant)?))
        })
        .await?;
    if people.is_empty() {
        return Err(AppError::NotFound);
    }
    let p = frame(access.context(), title);
    let form = form(&p, typed, &people, &usable)?.errors(&p.t, errors);
    let page = Page {
        intro: p.t.count("users-bulk-concerns", &(people.len() as i64)),
        table: table(&p, &people, refused),
        form,
        p,
    };
    if errors.is_empty() && refused.is_empty() {
        page.p.clone().render(|_| page)
    } else {
        page.p.clone().render_again(|_| page)
    }
}

fn table(p: &Frame, people: &[Person], refused: &[(UserId, Refusal)]) -> Table {
    let why: BTreeMap<i32, &Refusal> = refused.iter().map(|(id, why)| (id.0, why)).collect();
    let mut columns = vec![p.t("users-name"), p.t("login-email"), p.t("users-roles")];
    if !refused.is_empty() {
        columns.push(p.t("users-bulk-why"));
    }
    let mut table = Table::new(p.t("nav-users"), columns);
    for person in people {
        let mut cells = vec![
            Cell::Link {
                href: p.url(&format!("/users/{}", person.id)),
                text: person.name.clone(),
            },
            Cell::Text(person.email.clone()),
            Cell::Text(role_labels(p, &person.roles, &person.role_names)),
        ];
        if let Some((key, params)) = why.get(&person.id) {
            cells.push(Cell::Text(p.t.with_all(key, params)));
        }
        table.row(cells);
    }
    table
}

fn form(p: &Frame, typed: &BulkForm, people: &[Person], usable: &[Role]) -> Result<FormView> {
    let hidden = |name: &str, value: String| Input::new(InputKind::Hidden, name, "").value(value);
    let title = typed.title()?;
    let form = FormView::new(p.url("/users/bulk"), p.t(title))
        .input(hidden("act", typed.act.clone()))
        .inputs(
            people
                .iter()
                .map(|one| hidden("chosen", one.id.to_string())),
        )
        .cancel(p.url("/users"));
    Ok(match typed.act.as_str() {
        "give" | "take" => form.input(role_input(p, usable, &typed.role_key).required()),
        "until" => form.input(
            Input::line("until", p.t("membership-until"), &typed.until)
                .typed("date")
                .help(p.t("membership-until-help")),
        ),
        "deactivate" => form.danger(),
        _ => form,
    })
}

pub(super) async fn act(
    access: ControlAccess<ChangeUsers>,
    sent: Submitted<BulkForm>,
) -> Result<HttpResponse> {
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        // After a log-in in the middle it is looked at once more.
        Err(Faulty { typed, errors }) => return look(&access, &typed, &errors, &[]).await,
    };
    let act = match typed.act(&access.user().time_zone)? {
        Ok(act) => act,
        Err(errors) => return look(&access, &typed, &errors, &[]).await,
    };
    let granter = Granter::of(&access).await?;
    let mut ids = typed.chosen.clone();
    ids.sort_unstable();
    ids.dedup();
    let users: Vec<UserId> = ids.iter().copied().map(UserId).collect();
    let refused = access
        .run(move |conn| act.each(conn.pg(), &granter, &users))
        .await?;
    let done = ids.len() - refused.len();
    if refused.is_empty() {
        let url = format!("{}/users", access.tenant().base());
        let number = [("users", done.to_string())];
        return Ok(see_other_saying(
            &url,
            "success",
            "said-users-bulk",
            &number,
        ));
    }
    let left = BulkForm {
        chosen: refused.iter().map(|(user, _)| user.0).collect(),
        ..typed
    };
    let some = [
        ("done", done.to_string()),
        ("refused", refused.len().to_string()),
    ];
    look(
        &access,
        &left,
        &error_at("", "users-bulk-refused", &some),
        &refused,
    )
    .await
}
