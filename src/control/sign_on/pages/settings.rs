//! A tenant's provider: its settings, and what its discovery says.

use super::super::outgoing::Outgoing;
use super::super::provider::Provider;
use super::super::settings::{self, Rule, Wanted};
use super::super::{nearest, own};
use super::{callback_url, log_out_url};
use crate::access::ControlAccess;
use crate::access::rights::ChangeSignOn;
use crate::control::memberships::Granter;
use crate::control::roles::{self, words::label};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;
use validator::Validate;

/// Blank lines for further rules.
const MORE: usize = 3;

#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct SignOnForm {
    #[serde(default)]
    state: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    secret: SecretString,
    #[serde(default)]
    without_secret: String,
    #[serde(default)]
    scopes: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    domains: String,
    #[serde(default)]
    creates: String,
    #[serde(default)]
    emergency: String,
    #[serde(default)]
    claim: Vec<String>,
    #[serde(default)]
    value: Vec<String>,
    #[serde(default)]
    role: Vec<String>,
    #[serde(default)]
    version: i32,
}

impl SignOnForm {
    fn wanted(&self) -> Wanted {
        let cells = self.claim.iter().zip(&self.value).zip(&self.role);
        let rule = |((claim, value), role): ((&String, &String), &String)| Rule {
            claim: claim.clone(),
            value: value.clone(),
            role: role.clone(),
        };
        Wanted {
            state: self.state.clone(),
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            secret: self.secret.clone(),
            without_secret: self.without_secret == "on",
            scopes: self.scopes.clone(),
            label: self.label.clone(),
            domains: self.domains.clone(),
            creates: self.creates == "on",
            emergency: self.emergency.clone(),
            rules: cells.map(rule).collect(),
            version: self.version,
        }
    }
}

#[derive(Template)]
#[template(path = "control/sign_on/settings.html")]
struct Settings {
    p: Frame,
    /// What the provider must know of this installation: name and URL.
    told: Vec<(String, String)>,
    /// The tenant above whose provider holds as long as there is no own one.
    above: String,
    /// What the discovery said.
    facts: Vec<(&'static str, String)>,
    form: FormView,
}

/// What the page shows beside what was typed.
struct Around {
    has_secret: bool,
    above: String,
    roles: Vec<(String, String)>,
}

async fn around(access: &ControlAccess<ChangeSignOn>) -> Result<(Around, SignOnForm)> {
    let (tenant, t) = (
        access.tenant().id,
        Frame::new(access.context(), "sign-on-title"),
    );
    access
        .run(move |conn| {
            let row = own(conn.pg(), tenant)?;
            let above = match nearest(conn.pg(), tenant)? {
                Some(found) if found.tenant() != tenant => {
                    crate::control::tenants::by_id(conn.pg(), found.tenant())?.name
                }
                _ => String::new(),
            };
            let roles = roles::usable(conn.pg(), tenant)?;
            let mut options = vec![(String::new(), String::new())];
            options.extend(roles.iter().map(|role| {
                let name = label(&t, &role.key, &role.name);
                (role.key.clone(), name)
            }));
            let around = Around {
                has_secret: row.as_ref().is_some_and(|row| row.client_secret.is_some()),
                above,
                roles: options,
            };
            let Some(row) = row else {
                return Ok((around, blank()));
            };
            let rules = settings::rules(conn.pg(), tenant)?;
            let on = |yes: bool| if yes { "on" } else { "" }.to_owned();
            let form = SignOnForm {
                emergency: settings::emergency(conn.pg(), &row)?,
                without_secret: on(row.client_secret.is_none()),
                creates: on(row.creates),
                domains: row.domains.join(" "),
                state: row.state,
                issuer: row.issuer,
                client_id: row.client_id,
                scopes: row.scopes,
                label: row.label,
                version: row.version,
                claim: rules.iter().map(|rule| rule.claim.clone()).collect(),
                value: rules.iter().map(|rule| rule.value.clone()).collect(),
                role: rules.into_iter().map(|rule| rule.role).collect(),
                ..SignOnForm::default()
            };
            Ok((around, form))
        })
        .await
}

fn blank() -> SignOnForm {
    SignOnForm {
        state: "off".into(),
        scopes: "email profile".into(),
        ..SignOnForm::default()
    }
}

fn connection(p: &Frame, around: &Around, typed: &SignOnForm) -> Vec<Input> {
    let states = ["off", "on", "only"].map(|state| {
        let key = format!("sign-on-state-{state}");
        (state.to_owned(), p.t(&key), p.t(&format!("{key}-help")))
    });
    let secret = if around.has_secret {
        "sign-on-secret-kept"
    } else {
        "sign-on-secret-help"
    };
    vec![
        Input::new(
            InputKind::Radios(states.to_vec()),
            "state",
            p.t("sign-on-state"),
        )
        .value(&typed.state),
        Input::line("emergency", p.t("sign-on-emergency"), &typed.emergency)
            .typed("email")
            .help(p.t("sign-on-emergency-help")),
        Input::new(InputKind::Heading, "", p.t("sign-on-connection")),
        Input::line("issuer", p.t("sign-on-issuer"), &typed.issuer)
            .typed("url")
            .help(p.t("sign-on-issuer-help"))
            .required(),
        Input::line("client_id", p.t("sign-on-client"), &typed.client_id)
            .autocomplete("off")
            .required(),
        Input::line("secret", p.t("sign-on-secret"), "")
            .typed("password")
            .autocomplete("off")
            .help(p.t(secret)),
        Input::check(
            "without_secret",
            p.t("sign-on-without-secret"),
            typed.without_secret == "on",
        ),
        Input::line("scopes", p.t("sign-on-scopes"), &typed.scopes)
            .help(p.t("sign-on-scopes-help")),
    ]
}

fn form(p: &Frame, around: &Around, typed: &SignOnForm) -> FormView {
    let columns = vec![
        ("claim".to_owned(), p.t("sign-on-claim"), Vec::new()),
        ("value".to_owned(), p.t("sign-on-value"), Vec::new()),
        ("role".to_owned(), p.t("sign-on-role"), around.roles.clone()),
    ];
    let mut rules = Input::new(InputKind::Grid(columns), "rules", p.t("sign-on-rules"))
        .help(p.t("sign-on-rules-help"));
    let cells = typed.claim.iter().zip(&typed.value).zip(&typed.role);
    rules.values = cells
        .flat_map(|((claim, value), role)| [claim.clone(), value.clone(), role.clone()])
        .collect();
    let length = rules.values.len() + 3 * MORE;
    rules.values.resize(length, String::new());
    let here = p.url("/sign-on");
    let mut form = FormView::new(here.clone(), p.t("save"))
        .inputs(connection(p, around, typed))
        .input(Input::new(InputKind::Heading, "", p.t("sign-on-log-in")))
        .input(
            Input::line("label", p.t("sign-on-label"), &typed.label)
                .help(p.t("sign-on-label-help"))
                .required()
                .max(60),
        )
        .input(
            Input::line("domains", p.t("sign-on-domains"), &typed.domains)
                .help(p.t("sign-on-domains-help")),
        )
        .input(Input::new(InputKind::Heading, "", p.t("sign-on-people")))
        .input(
            Input::check("creates", p.t("sign-on-creates"), typed.creates == "on")
                .help(p.t("sign-on-creates-help")),
        )
        .input(rules)
        .input(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()));
    form.other = Some((p.t("sign-on-test"), format!("{here}/test")));
    form
}

fn show(
    access: &ControlAccess<ChangeSignOn>,
    around: &Around,
    typed: &SignOnForm,
    errors: Option<&Errors>,
    facts: Vec<(&'static str, String)>,
) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "sign-on-title").section("sign-on");
    let own = access.app().post();
    let told = [
        ("sign-on-told-callback", callback_url(access.app())),
        ("sign-on-told-out", log_out_url(access.app())),
        (
            "sign-on-told-link",
            own.url(&format!("/login/sso/{}", access.tenant().path)),
        ),
    ];
    let told = told.map(|(key, url)| (p.t(key), url)).to_vec();
    let form = form(&p, around, typed);
    let page = |p, form| Settings {
        p,
        told,
        above: around.above.clone(),
        facts,
        form,
    };
    match errors {
        Some(errors) => {
            let form = form.errors(&p.t, errors);
            p.render_again(|p| page(p, form))
        }
        None => p.render(|p| page(p, form)),
    }
}

pub(super) async fn page(access: ControlAccess<ChangeSignOn>) -> Result<HttpResponse> {
    let (around, stored) = around(&access).await?;
    show(&access, &around, &stored, None, Vec::new())
}

fn at((field, error): settings::Wrong) -> Result<Errors> {
    match error {
        AppError::Invalid { key, params } => Ok(error_at(field, key, &params)),
        other => Err(other),
    }
}

pub(super) async fn save(
    access: ControlAccess<ChangeSignOn>,
    sent: Submitted<SignOnForm>,
) -> Result<HttpResponse> {
    let (around, stored) = around(&access).await?;
    let mut typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => {
            return show(&access, &around, &typed, Some(&errors), Vec::new());
        }
    };
    let outgoing = Outgoing::new(access.app().config.sign_on.loopback);
    let wanted = match typed.wanted().check(&outgoing) {
        Ok(wanted) => wanted,
        Err(wrong) => return show(&access, &around, &typed, Some(&at(wrong)?), Vec::new()),
    };
    let (granter, secret) = (Granter::of(&access).await?, access.app().secret.clone());
    let saved = access
        .run(move |conn| {
            let saved = settings::save(conn.pg(), &granter, &secret, &wanted)?;
            Ok(saved)
        })
        .await;
    let errors = match saved {
        Ok(Ok(())) => {
            let url = format!("{}/sign-on", access.tenant().base());
            return Ok(see_other_saying(&url, "success", "said-saved", &[]));
        }
        Ok(Err(wrong)) => at(wrong)?,
        Err(AppError::Conflict) => {
            // What he typed stays; saved once more it wins, now that he has been told.
            typed.version = stored.version;
            error_at(
                "",
                "sign-on-changed-meanwhile",
                &[("issuer", stored.issuer)],
            )
        }
        Err(other) => return Err(other),
    };
    show(&access, &around, &typed, Some(&errors), Vec::new())
}

/// Asks the provider of the form, as it stands, who it is; nothing is saved.
pub(super) async fn test(
    access: ControlAccess<ChangeSignOn>,
    sent: Submitted<SignOnForm>,
) -> Result<HttpResponse> {
    let (around, _) = around(&access).await?;
    let typed = sent.unchecked();
    let (loopback, issuer) = (
        access.app().config.sign_on.loopback,
        typed.issuer.trim().to_owned(),
    );
    let asked = web::block(move || {
        let outgoing = Outgoing::new(loopback);
        Provider::discover(&outgoing, &issuer).map(|provider| provider.facts())
    });
    match asked
        .await
        .map_err(|_| AppError::internal("the work was cut off"))?
    {
        Ok(facts) => show(&access, &around, &typed, None, facts),
        Err(error) => show(
            &access,
            &around,
            &typed,
            Some(&at(("issuer", error))?),
            Vec::new(),
        ),
    }
}
