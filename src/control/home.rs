//! What is a user's own: the tenants he works in, and his profile.

use crate::access::context::SessionUser;
use crate::access::{LoggedIn, Routes, client};
use crate::control::audit::{self, Actor};
use crate::control::passwords::{self, proof};
use crate::control::tenants::queries;
use crate::control::users::{self, home_of};
use crate::control::{policy, sessions};
use crate::db::schema::control::users as table;
use crate::db::{Read, Write};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at, error_of};
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/tenants", tenants);
    r.get("/profile", profile);
    r.post("/profile", change);
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    section: String,
}

#[derive(Template)]
#[template(path = "control/home/tenants.html")]
struct Switcher {
    p: Frame,
    q: String,
    section: String,
    found: Vec<queries::Listed>,
}

impl Switcher {
    /// The same section of the other tenant, if it is one that inner tenants have, too.
    fn href(&self, tenant: &queries::Listed) -> String {
        let everywhere = ["recipients", "lists", "imports", "fields", "users", "audit"]
            .contains(&self.section.as_str());
        let rest = if everywhere {
            format!("/{}", self.section)
        } else {
            String::new()
        };
        format!("/t/{}{rest}", tenant.path)
    }
}

async fn tenants(visitor: LoggedIn, query: web::Query<Search>) -> Result<HttpResponse> {
    let (user, search) = (visitor.user().id, query.q.clone());
    let found = visitor
        .run::<Read, _>(move |conn| queries::of_user(conn.pg(), user, &search))
        .await?;
    let Search { q, section } = query.into_inner();
    Frame::new(visitor.context(), "switch-tenant").render(|p| Switcher {
        p,
        q,
        section,
        found,
    })
}

/// What the profile's form sends.
#[derive(Debug, Default, Deserialize, Validate)]
struct ProfileForm {
    #[validate(length(min = 1, max = 100, message = "user-name-length"))]
    #[serde(default)]
    name: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    old_password: SecretString,
    #[serde(default)]
    new_password: SecretString,
}

fn of(user: &SessionUser) -> ProfileForm {
    ProfileForm {
        name: user.name.clone(),
        language: user.language.clone(),
        theme: user.theme.clone(),
        time_zone: user.time_zone.clone(),
        ..ProfileForm::default()
    }
}

fn form(p: &Frame, typed: &ProfileForm) -> FormView {
    let themes =
        ["auto", "light", "dark"]
            .into_iter()
            .zip(["theme-auto", "theme-light", "theme-dark"]);
    let themes = themes
        .map(|(value, key)| (value.to_owned(), p.t(key)))
        .collect();
    FormView::new("/profile", p.t("save"))
        .input(
            Input::line("name", p.t("users-name"), &typed.name)
                .required()
                .max(100)
                .autocomplete("name"),
        )
        .input(Input::select(
            "language",
            p.t("tenants-language"),
            p.languages(),
            &typed.language,
        ))
        .input(Input::select(
            "theme",
            p.t("profile-theme"),
            themes,
            &typed.theme,
        ))
        .input(
            Input::line("time_zone", p.t("tenants-time-zone"), &typed.time_zone)
                .help(p.t("tenants-time-zone-help")),
        )
        .input(Input::new(InputKind::Heading, "", p.t("profile-password")))
        .input(
            Input::line("old_password", p.t("profile-old-password"), "")
                .typed("password")
                .autocomplete("current-password"),
        )
        .input(
            Input::line("new_password", p.t("profile-new-password"), "")
                .typed("password")
                .autocomplete("new-password")
                .help(p.t("profile-password-help")),
        )
}

async fn profile(visitor: LoggedIn) -> Result<HttpResponse> {
    let p = Frame::new(visitor.context(), "profile-title");
    let form = form(&p, &of(visitor.user()));
    p.render(|p| ProfilePage { p, form })
}

#[derive(Template)]
#[template(path = "control/home/profile.html")]
struct ProfilePage {
    p: Frame,
    form: FormView,
}

async fn change(
    visitor: LoggedIn,
    sent: Submitted<ProfileForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let again = |typed: ProfileForm, errors: Errors| {
        let p = Frame::new(visitor.context(), "profile-title");
        let form = form(&p, &typed).errors(&p.t, &errors);
        p.render_again(|p| ProfilePage { p, form })
    };
    let sent = match sent.validated() {
        Ok(sent) => sent.into_inner(),
        Err(Faulty { typed, errors }) => return again(typed, errors),
    };
    if sent.time_zone.parse::<chrono_tz::Tz>().is_err() {
        return again(sent, error_at("time_zone", "time-zone-unknown", &[]));
    }
    let name = match users::check_name(&sent.name) {
        Ok(name) => name,
        Err(error) => return again(sent, error_of("name", error)?),
    };
    let (id, zone) = (visitor.user().id, sent.time_zone.clone());
    let language = if sent.language == "de" { "de" } else { "en" };
    let shown = name.clone();
    let theme = ["light", "dark"]
        .into_iter()
        .find(|theme| *theme == sent.theme)
        .unwrap_or("auto");
    let (old, new) = (sent.old_password.clone(), sent.new_password.clone());
    let (own, post) = (visitor.context().csrf.clone(), visitor.app().post());
    if !new.expose_secret().is_empty() {
        let (old, address) = (old.clone(), client::address(&req, visitor.app()));
        let shown = visitor.block(move |app| proof::demand(app, id, &old, &address));
        if let Err(error) = shown.await {
            return again(sent, error_of("old_password", error)?);
        }
    }
    let changed = visitor
        .run::<Write, _>(move |conn| {
            let me = table::table.find(id.0);
            diesel::update(me)
                .set((
                    table::name.eq(name),
                    table::language.eq(language),
                    table::theme.eq(theme),
                    table::time_zone.eq(zone),
                ))
                .execute(conn.pg())?;
            if new.expose_secret().is_empty() {
                return Ok(());
            }
            // Another one may have been set since the old one was shown.
            let hash: Option<String> = me.select(table::password_hash).first(conn.pg())?;
            if !passwords::verify(&old, hash.as_deref()) {
                return Err(AppError::invalid("profile-old-wrong"));
            }
            if old.expose_secret() == new.expose_secret() {
                return Err(AppError::invalid("password-same"));
            }
            let email: String = me.select(table::email).first(conn.pg())?;
            policy::of_user(conn.pg(), id)?.check(&new, &[&email, &shown])?;
            passwords::set(conn.pg(), &post, id, &passwords::hash(&new)?, true)?;
            // Whoever knew the old password is out: every session but this one.
            sessions::end_all(conn.pg(), id, Some(&own))?;
            let home = home_of(conn.pg(), id)?;
            audit::record(
                conn.pg(),
                Actor::form(id),
                home,
                "user.password",
                &id.to_string(),
                &json!({}),
            )?;
            Ok(())
        })
        .await;
    match changed {
        Ok(()) => Ok(see_other_saying("/profile", "success", "said-saved", &[])),
        Err(AppError::Invalid { key, params }) => {
            let field = if key == "profile-old-wrong" {
                "old_password"
            } else {
                "new_password"
            };
            again(sent, error_at(field, key, &params))
        }
        Err(other) => Err(other),
    }
}
