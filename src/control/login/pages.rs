//! The pages of log-in and first start.

use super::second::First;
use super::session::{Going, another, begin, go, to_another};
use super::{begun, check, home, local_path, second};
use crate::access::{Anonymous, Routes, client};
use crate::app::App;
use crate::control::audit::Actor;
use crate::control::policy;
use crate::control::second_factor::devices;
use crate::control::setup::{self, SetUp};
use crate::control::sign_on;
use crate::control::users::NewUser;
use crate::db::control;
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::error_page::{address_input, log_in_form, with_token};
use crate::web::form::{Faulty, Submitted, at_field, error_at};
use crate::web::page::{Frame, respond, see_other};
use crate::web::view::{FormView, Input, InputKind, PlainFormPage};
use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use validator::Validate;

/// The routes of log-in and first start.
pub fn routes(r: &mut Routes) {
    r.get("/", start);
    r.get("/login", log_in_page);
    r.post("/login", log_in);
    r.get("/login/code", second::code_page);
    r.post("/login/code", second::code);
    r.post(second::ASK, second::ask_passkey);
    r.get("/setup", set_up_page);
    r.post("/setup", set_up);
}

async fn start(visitor: Anonymous) -> Result<HttpResponse> {
    let user = visitor.context().user.as_ref().map(|user| user.id);
    let to = visitor
        .block(move |app| match user {
            Some(user) => home(app, user),
            None if setup::is_done(app)? => Ok("/login".into()),
            None => Ok("/setup".into()),
        })
        .await?;
    Ok(see_other(&to))
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

async fn log_in_page(
    visitor: Anonymous,
    session: Session,
    query: web::Query<Next>,
) -> Result<HttpResponse> {
    let p = with_token(Frame::new(visitor.context(), "login-title"), &session)?;
    let next = local_path(&query.next).unwrap_or_default();
    let form = other_way(&visitor, &p, log_in_form(&p, next), next).await?;
    p.render(|p| PlainFormPage {
        p,
        intro: String::new(),
        form,
    })
}

/// The log-in by the provider of the tenant that one wants to go to, or by any.
async fn other_way(visitor: &Anonymous, p: &Frame, form: FormView, next: &str) -> Result<FormView> {
    let tenant = next
        .strip_prefix("/t/")
        .and_then(|rest| rest.split(['/', '?']).next());
    let tenant = tenant.map(str::to_owned);
    let found = visitor
        .block(move |app| {
            control::statement_result(&app.pools, |conn| {
                let own = match tenant {
                    Some(slug) => sign_on::at(conn, &slug)?.map(|row| (slug, row.label)),
                    None => None,
                };
                Ok((own, sign_on::exists(conn)?))
            })
        })
        .await?;
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    Ok(match found {
        (Some((slug, label)), _) => {
            let label = p.t.with("login-by", "label", &label);
            form.aside(label, format!("/login/sso/{slug}?next={next}"))
        }
        (None, true) => form.aside(p.t("login-sso"), "/login/sso"),
        (None, false) => form,
    })
}

/// What the log-in form sends.
#[derive(Debug, Deserialize, Validate)]
struct LogInForm {
    #[validate(length(min = 1, max = 254, message = "login-email-missing"))]
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    next: String,
    #[serde(default)]
    kept_action: String,
    #[serde(default)]
    kept_user: String,
    #[serde(default)]
    kept_body: String,
}

/// What a right password leads to.
enum Found {
    /// In.
    In(UserId),
    /// To the second step.
    Second(First),
    /// To the page that sets another one.
    Over(String),
}

async fn log_in(
    visitor: Anonymous,
    session: Session,
    form: Submitted<LogInForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let form = match form.validated() {
        Ok(form) => form,
        Err(faulty) => return log_in_failed(&visitor, &session, faulty).await,
    };
    let address = client::address(&req, visitor.app());
    let (email, password) = (form.email.clone(), form.password.clone());
    let (from, device) = (address.clone(), devices::token(&req, visitor.app()));
    let found = visitor
        .block(move |app| {
            let Some(user) = check(app, &email, &password, &from)? else {
                return Ok(None);
            };
            let (asked, over) = control::statement_result(&app.pools, |conn| {
                Ok((
                    second::is_asked(conn, user, device.as_deref())?,
                    policy::asks_for_another(conn, user, &password)?,
                ))
            })?;
            if asked {
                let by = None;
                return Ok(Some(Found::Second(First { user, by, over })));
            }
            if over {
                return another(app, user).map(Found::Over).map(Some);
            }
            begun(app, user, None)?;
            Ok(Some(Found::In(user)))
        })
        .await;
    let found = match found {
        Ok(Some(found)) => found,
        Ok(None) => {
            let errors = error_at("", "login-wrong", &[]);
            return log_in_failed(
                &visitor,
                &session,
                Faulty {
                    typed: form.into_inner(),
                    errors,
                },
            )
            .await;
        }
        Err(AppError::TooMany { wait_seconds }) => {
            let errors = error_at(
                "",
                "error-too-many-text",
                &[("seconds", wait_seconds.to_string())],
            );
            return log_in_failed(
                &visitor,
                &session,
                Faulty {
                    typed: form.into_inner(),
                    errors,
                },
            )
            .await;
        }
        Err(other) => return Err(other),
    };
    let form = form.into_inner();
    let going = Going {
        next: form.next,
        kept_action: form.kept_action,
        kept_user: form.kept_user,
        kept_body: form.kept_body,
    };
    match found {
        Found::Second(first) => second::ask(&visitor, &session, first, going).await,
        Found::Over(path) => Ok(to_another(&path)),
        Found::In(user) => {
            let token = begin(&session, user, &req, address, None)?;
            go(&visitor, user, token, going).await
        }
    }
}

async fn log_in_failed(
    visitor: &Anonymous,
    session: &Session,
    faulty: Faulty<LogInForm>,
) -> Result<HttpResponse> {
    let p = with_token(Frame::new(visitor.context(), "login-title"), session)?;
    let typed = faulty.typed;
    let form = other_way(visitor, &p, log_in_form(&p, &typed.next), &typed.next).await?;
    let mut form = form
        .input(Input::new(InputKind::Hidden, "kept_action", "").value(typed.kept_action))
        .input(Input::new(InputKind::Hidden, "kept_user", "").value(typed.kept_user))
        .input(Input::new(InputKind::Hidden, "kept_body", "").value(typed.kept_body))
        .errors(&p.t, &faulty.errors);
    if let Some(email) = form.inputs.first_mut() {
        email.values = vec![typed.email];
    }
    p.render_again(|p| PlainFormPage {
        p,
        intro: String::new(),
        form,
    })
}

async fn set_up_page(visitor: Anonymous, session: Session) -> Result<HttpResponse> {
    only_before_set_up(&visitor).await?;
    let p = with_token(Frame::new(visitor.context(), "setup-title"), &session)?;
    let form = set_up_form(&p, visitor.app(), &SetUpForm::default());
    let intro = p.t("setup-intro");
    p.render(|p| PlainFormPage { p, intro, form })
}

async fn only_before_set_up(visitor: &Anonymous) -> Result<()> {
    if visitor.block(setup::is_done).await? {
        Err(AppError::NotFound)
    } else {
        Ok(())
    }
}

/// What the form of the first start sends.
#[derive(Debug, Default, Deserialize, Validate)]
struct SetUpForm {
    #[validate(length(min = 1, max = 100, message = "tenant-name-length"))]
    #[serde(default)]
    tenant_name: String,
    #[validate(length(min = 1, max = 100, message = "user-name-length"))]
    #[serde(default)]
    name: String,
    #[validate(length(min = 3, max = 254, message = "email-invalid"))]
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    token: String,
}

fn set_up_form(p: &Frame, app: &App, typed: &SetUpForm) -> FormView {
    let mut form = FormView::new("/setup", p.t("setup-submit"))
        .input(
            Input::line("tenant_name", p.t("setup-tenant-name"), &typed.tenant_name)
                .help(p.t("setup-tenant-name-help"))
                .required()
                .max(100),
        )
        .input(
            Input::line("name", p.t("setup-name"), &typed.name)
                .autocomplete("name")
                .required()
                .max(100),
        )
        .input(address_input(p, &typed.email))
        .input(
            Input::line("password", p.t("login-password"), "")
                .typed("password")
                .autocomplete("new-password")
                .help(p.t("password-help"))
                .required(),
        );
    if app.setup_token.get().is_some() {
        form = form.input(
            Input::line("token", p.t("setup-token"), &typed.token)
                .help(p.t("setup-token-help"))
                .required(),
        );
    }
    form
}

async fn set_up(
    visitor: Anonymous,
    session: Session,
    form: Submitted<SetUpForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    only_before_set_up(&visitor).await?;
    let again = |faulty: Faulty<SetUpForm>| {
        let p = with_token(Frame::new(visitor.context(), "setup-title"), &session)?;
        let form = set_up_form(&p, visitor.app(), &faulty.typed).errors(&p.t, &faulty.errors);
        respond(
            StatusCode::UNPROCESSABLE_ENTITY,
            &PlainFormPage {
                intro: p.t("setup-intro"),
                p,
                form,
            },
        )
    };
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(faulty) => return again(faulty),
    };
    if let Some(token) = visitor.app().setup_token.get()
        && !bool::from(
            token
                .expose_secret()
                .as_bytes()
                .ct_eq(form.token.trim().as_bytes()),
        )
    {
        return again(Faulty {
            typed: form,
            errors: error_at("token", "setup-token-wrong", &[]),
        });
    }
    let address = client::address(&req, visitor.app());
    let language = visitor.context().language.clone();
    let (name, email, password, tenant) = (
        form.name.clone(),
        form.email.clone(),
        form.password.clone(),
        form.tenant_name.clone(),
    );
    let made = visitor
        .block(move |app| {
            let admin = NewUser::check(&email, &name, Some(&password), &language)?;
            let email = admin.email.clone();
            app.provisioner.carry_out(SetUp {
                actor: Actor::system(),
                name: tenant,
                admin,
                locale: language,
            })?;
            let user = check(app, &email, &password, "")?;
            if let Some(user) = user {
                begun(app, user, None)?;
            }
            Ok(user)
        })
        .await;
    match made {
        Ok(user) => {
            begin(&session, user.ok_or(AppError::LogIn)?, &req, address, None)?;
            Ok(see_other("/t/main"))
        }
        Err(AppError::Invalid { key, params }) => {
            let field = match key {
                "email-invalid" => "email",
                "tenant-name-length" => "tenant_name",
                "user-name-length" => "name",
                key if key.starts_with("password") => "password",
                _ => "",
            };
            again(at_field(field, form, AppError::Invalid { key, params })?)
        }
        Err(other) => Err(other),
    }
}
