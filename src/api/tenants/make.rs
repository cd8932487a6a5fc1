//! Creating a separate tenant, and what is checked of any tenant before it is made.

use super::below;
use crate::access::ControlAccess;
use crate::access::rights::{CreateTenants, Right};
use crate::api::body::Body;
use crate::api::{Answer, actor, aside, created, url};
use crate::control::memberships::Granter;
use crate::control::tenants::provision::{Basics, CreateSeparate, FirstUser};
use crate::control::tenants::queries::Below;
use crate::control::tenants::slug::Slug;
use crate::control::users::{NewUser, admit};
use crate::error::{AppError, Result};
use crate::web::problem::Fault;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The first administrator of a new tenant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewAdministrator {
    /// Who has an account already keeps his name and password.
    email: String,
    #[serde(default)]
    name: String,
    /// Needed for somebody new.
    #[serde(default)]
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// A tenant to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewTenant {
    /// Its name in URLs: a letter, then letters, digits and hyphens, 40 at most.
    pub(in crate::api) slug: String,
    pub(in crate::api) name: String,
    /// `#rrggbb`; that of the tenant above if left out.
    pub(in crate::api) colour: Option<String>,
    /// `en` or `de`; that of the tenant above if left out.
    pub(in crate::api) language: Option<Language>,
    /// IANA name; that of the tenant above if left out.
    pub(in crate::api) time_zone: Option<String>,
    /// Its first administrator.
    pub(in crate::api) administrator: Option<NewAdministrator>,
}

/// A language of the program.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::api) enum Language {
    En,
    De,
}

impl Language {
    pub(in crate::api) fn key(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }
}

/// What is checked of a tenant before anything is made.
pub(in crate::api) struct Checked {
    pub(in crate::api) basics: Basics,
    pub(in crate::api) admin: Option<FirstUser>,
}

impl NewTenant {
    pub(in crate::api) async fn check<R: Right>(
        self,
        access: &ControlAccess<R>,
    ) -> Result<Checked, Fault> {
        let here = access.tenant();
        let slug = Slug::parse(&self.slug, &access.app().sections)
            .map_err(|error| Fault::of(error, |_| "slug".into()))?;
        let language = match self.language {
            Some(language) => language.key().to_owned(),
            None => here.locale.clone(),
        };
        let basics = Basics::check(
            slug,
            &self.name,
            self.colour.as_deref().unwrap_or(&here.colour),
            &language,
            self.time_zone.as_deref().unwrap_or(&here.time_zone),
        )
        .map_err(|error| Fault::of(error, input_of))?;
        let admin = match self.administrator {
            None => None,
            Some(wanted) => {
                let check = aside(move || {
                    let password = Some(&wanted.password);
                    NewUser::check(&wanted.email, &wanted.name, password, &language)
                });
                let user = check.await.map_err(|error| {
                    Fault::of(error, |key| {
                        format!("administrator.{}", admit::input_of(key))
                    })
                })?;
                let roles = vec!["administrator".to_owned()];
                Some(FirstUser { user, roles })
            }
        };
        Ok(Checked { basics, admin })
    }
}

/// The field that a message about a tenant belongs to.
fn input_of(key: &str) -> String {
    match key {
        key if key.starts_with("slug-") => "slug",
        "tenant-name-length" => "name",
        "tenant-colour-invalid" => "colour",
        "time-zone-unknown" => "time_zone",
        "rule" => "fence.rule",
        "fence-empty" | "list-unknown" => "fence.lists",
        _ => "",
    }
    .to_owned()
}

/// A refusal of an order about a tenant.
pub(in crate::api) fn refused(error: AppError) -> Fault {
    match error {
        AppError::Constraint(name) if name.starts_with("tenants_") && name.contains("slug") => {
            Fault::at("slug", "slug-taken", &[])
        }
        other => Fault::of(other, input_of),
    }
}

pub(super) async fn create(access: ControlAccess<CreateTenants>, body: Body<NewTenant>) -> Answer {
    let Checked { basics, admin } = body.0.check(&access).await?;
    let order = CreateSeparate {
        actor: actor(&access),
        granter: Some(Granter::of(&access).await?),
        parent: Some(access.tenant().id),
        basics,
        admin,
    };
    let id = access.provision(order).await.map_err(refused)?;
    let made = below(&access, Below::Separate, id.0).await?;
    let location = url(access.tenant(), &format!("/tenants/{id}"));
    created(&location, &made)
}
