//! The frame of every page: language, tenant, navigation, messages.
//!
//! A slice's page is a struct with a field `p: Frame` and a template that extends `layouts/app.html`:
//!
//! ```text
//! #[derive(Template)]
//! #[template(path = "tenant/lists/index.html")]
//! struct Index { p: Frame, table: Table }
//! …
//! Frame::of(&access, "lists-title").render(|p| Index { p, table })
//! ```

use super::flash::{self, Message, Undo};
use super::i18n::Texts;
use super::nav::{self, Area};
use crate::access::{Context, SessionUser, TenantHere};
use crate::error::{AppError, Result};
use actix_web::HttpResponse;
use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use askama::Template;

/// What the layout needs to know.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Texts in the reader's language.
    pub t: Texts,
    /// The page's heading and the first part of its title.
    pub title: String,
    /// `auto`, `light` or `dark`.
    pub theme: String,
    /// Who is logged in.
    pub user: Option<SessionUser>,
    /// The tenant of the URL.
    pub tenant: Option<TenantHere>,
    /// As whom the user looks here; blank where he is himself.
    pub seen: String,
    /// The session's token, for forms.
    pub csrf: String,
    /// What to say once on top of the page.
    pub flash: Vec<Flash>,
    /// Requests to admit that wait for the reader to decide.
    pub waiting: i64,
    /// For error pages.
    pub request_id: String,
    /// Key of the section that is current in the navigation.
    pub section: &'static str,
    /// Links above the heading: label and URL.
    pub crumbs: Vec<(String, String)>,
}

/// A message on top of a page.
#[derive(Clone, Debug)]
pub struct Flash {
    /// `success`, `warning` or `danger`.
    pub kind: &'static str,
    /// What it says.
    pub text: String,
    /// The form that takes back what was done.
    pub undo: Option<Undo>,
}

impl Frame {
    /// The frame for what a request knows; the title is a Fluent key.
    pub fn new(context: &Context, title: &str) -> Self {
        let zone = context
            .user
            .as_ref()
            .map_or("UTC", |user| user.time_zone.as_str());
        let t = Texts::new(&context.language, zone);
        Self {
            title: t.t(title),
            t,
            theme: context
                .user
                .as_ref()
                .map_or_else(|| "auto".into(), |user| user.theme.clone()),
            user: context.user.clone(),
            tenant: context
                .tenant
                .clone()
                .filter(|tenant| !tenant.rights.is_empty()),
            seen: context
                .seen
                .as_ref()
                .map(|seen| seen.name.clone())
                .unwrap_or_default(),
            csrf: context.csrf.clone(),
            flash: context
                .flash
                .iter()
                .filter_map(|message| message.show(&context.language))
                .collect(),
            waiting: context.waiting,
            request_id: context.request_id.clone(),
            section: "",
            crumbs: Vec::new(),
        }
    }

    /// Marks the section that is current.
    #[must_use]
    pub fn section(mut self, section: &'static str) -> Self {
        self.section = section;
        self
    }

    /// Takes a ready text as title.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Takes the text of a key as title.
    #[must_use]
    pub fn titled_by(self, key: &str) -> Self {
        let title = self.t(key);
        self.titled(title)
    }

    /// Adds a link above the heading.
    #[must_use]
    pub fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push((label.into(), href.into()));
        self
    }

    /// The navigation of the tenant.
    pub fn areas(&self) -> Vec<Area> {
        nav::areas(self)
    }

    /// Whether the page is an inner tenant's.
    pub fn in_inner(&self) -> bool {
        self.tenant.as_ref().is_some_and(TenantHere::is_inner)
    }

    /// Whether the user holds a right in this tenant; pages leave out what he could not do.
    pub fn may(&self, right: &str) -> bool {
        self.tenant.as_ref().is_some_and(|tenant| tenant.may(right))
    }

    /// The tenant's URL with `rest` behind it.
    pub fn url(&self, rest: &str) -> String {
        format!(
            "{}{rest}",
            self.tenant
                .as_ref()
                .map(TenantHere::base)
                .unwrap_or_default()
        )
    }

    /// `Konzern › Nord › VIP`.
    pub fn trail(&self) -> String {
        self.tenant
            .as_ref()
            .map(|tenant| tenant.trail.join(" › "))
            .unwrap_or_default()
    }

    /// The names of the tenants above this one, the main tenant first.
    pub fn above(&self) -> &[String] {
        self.tenant
            .as_ref()
            .and_then(|tenant| tenant.trail.split_last())
            .map_or(&[], |(_, above)| above)
    }

    /// The tenant's name.
    pub fn tenant_name(&self) -> &str {
        self.tenant
            .as_ref()
            .map(|tenant| tenant.name.as_str())
            .unwrap_or_default()
    }

    /// The tenant's initials, for its badge.
    pub fn initials(&self) -> String {
        let name = self
            .tenant
            .as_ref()
            .map(|tenant| tenant.name.as_str())
            .unwrap_or_default();
        name.split_whitespace()
            .filter_map(|word| word.chars().next())
            .take(2)
            .collect::<String>()
            .to_uppercase()
    }

    /// The languages to choose from, each by its own name.
    pub fn languages(&self) -> Vec<(String, String)> {
        vec![
            ("en".into(), self.t("language-en")),
            ("de".into(), self.t("language-de")),
        ]
    }

    /// Who is logged in, by name.
    pub fn user_name(&self) -> &str {
        self.user
            .as_ref()
            .map(|user| user.name.as_str())
            .unwrap_or_default()
    }

    /// The six digits of the tenant's colour.
    pub fn colour(&self) -> String {
        self.tenant.as_ref().map_or_else(
            || "2f5d8a".into(),
            |tenant| tenant.colour.trim_start_matches('#').to_owned(),
        )
    }

    /// The URL of a file of `static/`.
    pub fn asset(&self, path: &str) -> &'static str {
        super::assets::asset(path)
    }

    /// The text of a key.
    pub fn t(&self, key: &str) -> String {
        self.t.t(key)
    }

    /// A page that all is well with.
    ///
    /// # Errors
    /// When the template fails.
    pub fn render<T: Template>(self, page: impl FnOnce(Self) -> T) -> Result<HttpResponse> {
        respond(StatusCode::OK, &page(self))
    }

    /// A form's page shown again with its errors.
    ///
    /// # Errors
    /// When the template fails.
    pub fn render_again<T: Template>(self, page: impl FnOnce(Self) -> T) -> Result<HttpResponse> {
        respond(StatusCode::UNPROCESSABLE_ENTITY, &page(self))
    }
}

/// A page as a response.
///
/// # Errors
/// When the template fails.
pub fn respond(status: StatusCode, page: &impl Template) -> Result<HttpResponse> {
    let html = page
        .render()
        .map_err(|error| AppError::internal(format!("template: {error}")))?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(html))
}

/// To another page after an act.
pub fn see_other(url: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header(("location", url))
        .finish()
}

/// To another page after an act, which then says `key` (with values) once.
pub fn see_other_saying(
    url: &str,
    kind: &'static str,
    key: &'static str,
    params: &[(&str, String)],
) -> HttpResponse {
    saying(url, &Message::new(kind, key, params))
}

/// To another page after an act that can be taken back: the page says `key` once and offers to undo it.
pub fn see_other_undoable(
    url: &str,
    key: &'static str,
    params: &[(&str, String)],
    undo: Undo,
) -> HttpResponse {
    saying(url, &Message::new("success", key, params).undoable(undo))
}

fn saying(url: &str, message: &Message) -> HttpResponse {
    let cookie = Cookie::build(flash::COOKIE, message.encode())
        .path("/")
        .http_only(true)
        .same_site(actix_web::cookie::SameSite::Lax)
        .finish();
    HttpResponse::SeeOther()
        .insert_header(("location", url))
        .cookie(cookie)
        .finish()
}
