//! Forms: CSRF is verified, then the text is read, then validated; what was typed is kept for the page
//! that shows the errors.
//!
//! `Submitted<F>` keeps its content private until its token is verified; `Valid<F>` comes from nowhere else.

use crate::access::Context;
use crate::error::{AppError, Result};
use crate::web::i18n::Texts;
use actix_web::dev::Payload;
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use subtle::ConstantTimeEq;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

/// Largest form, in bytes; files go another way.
pub const MAX_FORM: usize = 2 * 1024 * 1024;
/// The hidden field that carries the session's token.
pub const CSRF_FIELD: &str = "_csrf";
/// The hidden field that carries the tenant's path, so that two tabs in two tenants never mix.
pub const TENANT_FIELD: &str = "_tenant";
/// The hidden field that carries who opened the form: after a log-in in the middle of it only he gets it back.
pub const USER_FIELD: &str = "_user";
/// Set by the page after a log-in in the middle of a form: show what was typed, do nothing yet.
pub const REFILL_FIELD: &str = "_refill";

/// A form's type: all its values are what was typed.
pub trait Form: Validate + DeserializeOwned + 'static {}
impl<F: Validate + DeserializeOwned + 'static> Form for F {}

/// A form that only confirms: nothing but the token.
#[derive(Debug, Deserialize, Validate)]
pub struct NoFields {}

/// An error at a field: the message's Fluent key and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Fluent key.
    pub key: String,
    /// Named values of the message.
    pub params: Vec<(String, String)>,
}

impl FieldError {
    /// The message; a parameter `at` is where in the typed text it is about.
    pub fn text(&self, t: &Texts) -> String {
        let text = t.with_all(&self.key, &self.params);
        match self.params.iter().find(|(name, _)| name == AT) {
            Some((_, at)) => t.with_all("fault-at", &[("at", at.clone()), ("text", text)]),
            None => text,
        }
    }
}

/// The parameter of a message that tells the place in a text, in characters from 1.
pub const AT: &str = "at";

/// The errors of a form by field; `""` holds those of the form as a whole.
pub type Errors = BTreeMap<String, Vec<FieldError>>;

/// What a user sent, its token verified, not yet validated.
#[derive(Debug)]
pub struct Submitted<F> {
    raw: F,
    refill: bool,
}

/// A form whose rules hold. It comes from `Submitted::validated` only.
#[derive(Debug)]
pub struct Valid<F>(F);

impl<F> Deref for Valid<F> {
    type Target = F;
    fn deref(&self) -> &F {
        &self.0
    }
}

impl<F> Valid<F> {
    /// The form itself.
    pub fn into_inner(self) -> F {
        self.0
    }
}

/// A form that is not good yet: what was typed, and what is wrong with it.
#[derive(Debug)]
pub struct Faulty<F> {
    /// What was typed.
    pub typed: F,
    /// What is wrong; empty when the page is only shown again after a log-in.
    pub errors: Errors,
}

impl<F: Form> Submitted<F> {
    /// What was typed, whatever the form's rules say of it: for acts that do nothing yet and only show what
    /// another one would do.
    pub fn unchecked(self) -> F {
        self.raw
    }

    /// Checks the form's own rules.
    ///
    /// # Errors
    /// What was typed and all that is wrong with it.
    pub fn validated(self) -> std::result::Result<Valid<F>, Faulty<F>> {
        if self.refill {
            return Err(Faulty {
                typed: self.raw,
                errors: Errors::new(),
            });
        }
        match self.raw.validate() {
            Ok(()) => Ok(Valid(self.raw)),
            Err(errors) => Err(Faulty {
                typed: self.raw,
                errors: collect(&errors),
            }),
        }
    }
}

/// An error at one field.
pub fn error_at(field: &str, key: &str, params: &[(&str, String)]) -> Errors {
    let error = FieldError {
        key: key.to_owned(),
        params: params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    };
    Errors::from([(field.to_owned(), vec![error])])
}

/// An error of an act at one field, if it is one that a form can show.
///
/// # Errors
/// Any other error is handed on.
pub fn error_of(field: &str, error: AppError) -> Result<Errors> {
    match error {
        AppError::Invalid { key, params } => Ok(error_at(field, key, &params)),
        AppError::TooMany { wait_seconds } => {
            let seconds = [("seconds", wait_seconds.to_string())];
            Ok(error_at(field, "error-too-many-text", &seconds))
        }
        other => Err(other),
    }
}

/// The same, with what was typed.
///
/// # Errors
/// As `error_of`.
pub fn at_field<F>(field: &str, typed: F, error: AppError) -> Result<Faulty<F>> {
    error_of(field, error).map(|errors| Faulty { typed, errors })
}

fn collect(errors: &ValidationErrors) -> Errors {
    let mut all = Errors::new();
    for (field, kind) in errors.errors() {
        if let ValidationErrorsKind::Field(found) = kind {
            let found = found.iter().map(|error| FieldError {
                key: match &error.message {
                    Some(key) => key.to_string(),
                    None => format!("form-{}", error.code),
                },
                params: error
                    .params
                    .iter()
                    .filter(|(name, _)| *name != "value")
                    .map(|(name, value)| (name.to_string(), value.to_string()))
                    .collect(),
            });
            all.entry(field.to_string()).or_default().extend(found);
        }
    }
    all
}

impl<F: Form> FromRequest for Submitted<F> {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let context = req
            .extensions()
            .get::<Rc<Context>>()
            .cloned()
            .unwrap_or_default();
        let same_origin = same_origin(req);
        let body = web::Bytes::from_request(req, payload);
        Box::pin(async move {
            let body = body
                .await
                .map_err(|_| AppError::invalid("form-too-large"))?;
            if body.len() > MAX_FORM {
                return Err(AppError::invalid("form-too-large"));
            }
            let pairs: Vec<(String, String)> = serde_html_form::from_bytes(&body)
                .map_err(|_| AppError::invalid("form-unreadable"))?;
            verify(&context, &pairs, same_origin)?;
            // PostgreSQL takes none, and nobody types one.
            if pairs.iter().any(|(_, value)| value.contains('\0')) {
                return Err(AppError::invalid("form-unreadable"));
            }
            let raw = serde_html_form::from_bytes(&body)
                .map_err(|_| AppError::invalid("form-unreadable"))?;
            let refill = value(&pairs, REFILL_FIELD).is_some();
            Ok(Self { raw, refill })
        })
    }
}

fn value<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// The token must be the session's, the sender this site, the tenant the URL's.
fn verify(context: &Context, pairs: &[(String, String)], same_origin: bool) -> Result<()> {
    let token = value(pairs, CSRF_FIELD).unwrap_or_default();
    if !same_origin || !token_matches(context, token) {
        return Err(AppError::Csrf);
    }
    match (value(pairs, TENANT_FIELD), &context.tenant) {
        (Some(sent), Some(here)) if sent != here.path => Err(AppError::Csrf),
        _ => Ok(()),
    }
}

/// Whether `token` is the session's.
pub fn token_matches(context: &Context, token: &str) -> bool {
    !context.csrf.is_empty() && bool::from(context.csrf.as_bytes().ct_eq(token.as_bytes()))
}

/// Whether the browser says that the request comes from a page of this site. A browser that says
/// nothing is old, or no browser; the token decides then.
pub fn same_origin(req: &HttpRequest) -> bool {
    let header = |name: &str| {
        req.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if let Some(site) = header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (header(ORIGIN.as_str()), header(HOST.as_str())) {
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, rest)| rest == host),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(csrf: &str) -> Context {
        Context {
            csrf: csrf.into(),
            ..Context::default()
        }
    }

    #[test]
    fn a_form_needs_the_sessions_token() {
        let pairs = |token: &str| vec![(CSRF_FIELD.to_owned(), token.to_owned())];
        assert!(verify(&context("abc"), &pairs("abc"), true).is_ok());
        assert!(verify(&context("abc"), &pairs("abd"), true).is_err());
        assert!(verify(&context("abc"), &pairs("abc"), false).is_err());
        assert!(verify(&context("abc"), &[], true).is_err());
        // A session without a token matches nothing, not even nothing.
        assert!(verify(&context(""), &pairs(""), true).is_err());
    }
}
