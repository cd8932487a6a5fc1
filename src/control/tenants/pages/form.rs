//! What the forms of both kinds of tenant share: name, address, look, first administrator.

use super::super::provision::{Basics, FirstUser};
use super::super::slug::Slug;
use crate::control::users::NewUser;
use crate::db::ids::ListId;
use crate::error::AppError;
use crate::web::{Frame, Input, InputKind, colour};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use validator::Validate;

/// What the forms of both kinds send.
#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct TenantForm {
    #[validate(length(min = 1, max = 100, message = "tenant-name-length"))]
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) slug: String,
    #[serde(default)]
    pub(super) colour: String,
    #[serde(default)]
    pub(super) locale: String,
    #[serde(default)]
    pub(super) time_zone: String,
    #[serde(default)]
    pub(super) lists: Vec<ListId>,
    #[serde(default)]
    pub(super) rule: String,
    #[serde(default)]
    pub(super) moves: String,
    #[serde(default)]
    pub(super) admin_email: String,
    #[serde(default)]
    pub(super) admin_name: String,
    #[serde(default)]
    pub(super) admin_password: SecretString,
}

impl TenantForm {
    pub(super) fn basics(
        &self,
        sections: &std::collections::BTreeSet<String>,
    ) -> Result<Basics, (&'static str, AppError)> {
        let slug = if self.slug.trim().is_empty() {
            proposed_slug(&self.name)
        } else {
            self.slug.clone()
        };
        let slug = Slug::parse(&slug, sections).map_err(|error| ("slug", error))?;
        Basics::check(
            slug,
            &self.name,
            &self.colour,
            &self.locale,
            &self.time_zone,
        )
        .map_err(|error| match &error {
            AppError::Invalid {
                key: "time-zone-unknown",
                ..
            } => ("time_zone", error),
            AppError::Invalid {
                key: "tenant-colour-invalid",
                ..
            } => ("colour", error),
            _ => ("name", error),
        })
    }

    /// The first administrator, if named. Hashes the password: slow.
    pub(super) fn admin(
        &self,
        language: &str,
    ) -> Result<Option<FirstUser>, (&'static str, AppError)> {
        if self.admin_email.trim().is_empty() {
            return Ok(None);
        }
        // Without one he is invited to set it.
        let password = Some(&self.admin_password).filter(|p| !p.expose_secret().is_empty());
        let user = NewUser::check(&self.admin_email, &self.admin_name, password, language)
            .map_err(|error| match &error {
                AppError::Invalid {
                    key: "email-invalid",
                    ..
                } => ("admin_email", error),
                AppError::Invalid {
                    key: "user-name-length",
                    ..
                } => ("admin_name", error),
                _ => ("admin_password", error),
            })?;
        Ok(Some(FirstUser {
            user,
            roles: vec!["administrator".into()],
        }))
    }
}

/// A slug from a name: `Süd & Co` becomes `sued-co`.
pub(super) fn proposed_slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    let slug: String = slug
        .trim_matches('-')
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '-')
        .chars()
        .take(40)
        .collect();
    slug
}

pub(super) fn basic_inputs(p: &Frame, typed: &TenantForm) -> Vec<Input> {
    let or = |value: &str, other: &str| {
        if value.is_empty() {
            other.to_owned()
        } else {
            value.to_owned()
        }
    };
    let here = p.tenant.as_ref();
    let locale = here.map_or("en", |tenant| tenant.locale.as_str());
    let zone = here.map_or("UTC", |tenant| tenant.time_zone.as_str());
    vec![
        Input::line("name", p.t("tenants-name"), &typed.name)
            .required()
            .max(100),
        Input::line("slug", p.t("tenants-slug"), &typed.slug)
            .help(p.t("tenants-slug-help"))
            .max(40),
        Input::line(
            "colour",
            p.t("tenants-colour"),
            or(&typed.colour, colour::proposal()),
        )
        .typed("color")
        .help(p.t("tenants-colour-help")),
        Input::select(
            "locale",
            p.t("tenants-language"),
            p.languages(),
            or(&typed.locale, locale),
        ),
        Input::line(
            "time_zone",
            p.t("tenants-time-zone"),
            or(&typed.time_zone, zone),
        )
        .help(p.t("tenants-time-zone-help")),
    ]
}

pub(super) fn admin_inputs(p: &Frame, typed: &TenantForm) -> Vec<Input> {
    vec![
        Input::new(InputKind::Heading, "", p.t("tenants-first-user")),
        Input::line("admin_email", p.t("login-email"), &typed.admin_email)
            .typed("email")
            .help(p.t("tenants-first-user-help"))
            .autocomplete("off"),
        Input::line("admin_name", p.t("users-name"), &typed.admin_name).autocomplete("off"),
        Input::line("admin_password", p.t("login-password"), "")
            .typed("password")
            .help(p.t("tenants-first-password-help"))
            .autocomplete("new-password"),
    ]
}

#[cfg(test)]
mod tests {
    use super::proposed_slug;

    #[test]
    fn slugs_from_names() {
        assert_eq!(proposed_slug("Süd & Co. GmbH"), "sued-co-gmbh");
        assert_eq!(proposed_slug("24 Stunden"), "stunden");
        assert_eq!(proposed_slug("Ørsted"), "rsted");
    }
}
