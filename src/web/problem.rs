//! Errors for programs: `application/problem+json` (RFC 9457), in the caller's language, with the faults of
//! single fields.

use super::error_page;
use super::form::{Errors, FieldError};
use super::i18n::Texts;
use crate::access::Context;
use crate::error::AppError;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;
use std::rc::Rc;
use utoipa::ToSchema;

/// Why a request of a program failed.
#[derive(Debug)]
pub enum Fault {
    /// As everywhere else.
    App(AppError),
    /// Values that cannot be used, by the name of the field: 422.
    Fields(Errors),
    /// What was sent does not have the shape that the OpenAPI document tells: 400. English, for whoever
    /// writes the program.
    Unreadable(String),
    /// It was changed since the version that `If-Match` names: 412.
    Stale,
    /// Too much was sent: 413.
    TooLarge,
    /// It was sent as something else than JSON: 415.
    NotJson,
}

impl Fault {
    /// One value that cannot be used.
    pub fn at(field: &str, key: &str, params: &[(&str, String)]) -> Self {
        Self::Fields(super::form::error_at(field, key, params))
    }

    /// An error of an act, at the field that `field` names for the message's key; any other stays as it is.
    pub fn of(error: AppError, field: impl FnOnce(&str) -> String) -> Self {
        match error {
            AppError::Invalid { key, params } => Self::at(&field(key), key, &params),
            AppError::Rule(faults) => Self::Fields(Errors::from([(field("rule"), faults)])),
            other => Self::App(other),
        }
    }
}

impl From<AppError> for Fault {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(error) => error.fmt(f),
            Self::Fields(errors) => {
                let names: Vec<_> = errors.keys().map(String::as_str).collect();
                write!(f, "unfit: {}", names.join(", "))
            }
            Self::Unreadable(why) => f.write_str(why),
            Self::Stale => f.write_str("changed meanwhile"),
            Self::TooLarge => f.write_str("too large"),
            Self::NotJson => f.write_str("not JSON"),
        }
    }
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::App(error) => error.status_code(),
            Self::Fields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Tells the kind of problem; stays the same in every language.
    #[schema(example = "urn:mandant:problem:not-found")]
    r#type: String,
    /// The kind of problem in words.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong this time; may be empty.
    detail: String,
    /// The request's id in the server's log.
    request_id: String,
    /// What is wrong with single fields.
    errors: Vec<ProblemField>,
}

/// A value that cannot be used.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// Its name; empty where the fault concerns several.
    field: String,
    /// Tells the fault; stays the same in every language.
    code: String,
    /// What is wrong, in words.
    detail: String,
}

/// The answer to an error of a handler, a gate or an extractor.
pub fn of(error: &actix_web::Error, context: &Context) -> HttpResponse {
    if let Some(fault) = error.as_error::<Fault>() {
        return of_fault(fault, context);
    }
    if let Some(error) = error.as_error::<AppError>() {
        return of_app(error, context);
    }
    match error.as_response_error().status_code() {
        StatusCode::NOT_FOUND => of_app(&AppError::NotFound, context),
        StatusCode::PAYLOAD_TOO_LARGE => of_fault(&Fault::TooLarge, context),
        status if status.is_client_error() => {
            of_fault(&Fault::Unreadable(error.to_string()), context)
        }
        _ => of_app(&AppError::internal(error.to_string()), context),
    }
}

/// The answer to an error of the program.
pub fn of_app(error: &AppError, context: &Context) -> HttpResponse {
    if let AppError::Internal(what) = error {
        tracing::error!(what, "request failed");
    }
    if let AppError::Constraint(name) = error {
        tracing::error!(name, "a constraint that no field answers for");
    }
    if let AppError::Rule(faults) = error {
        let errors = Errors::from([("rule".to_owned(), faults.clone())]);
        return of_fault(&Fault::Fields(errors), context);
    }
    let t = texts(context);
    if matches!(error, AppError::LogIn) {
        let detail = t.t("api-unauthorized-text");
        return answer(
            StatusCode::UNAUTHORIZED,
            "api-unauthorized",
            detail,
            &[],
            context,
        );
    }
    let (title, text, more) = error_page::words(error, context);
    let detail = [text, more]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let errors = match error {
        AppError::Invalid { key, .. } => vec![("", *key, detail.clone())],
        _ => Vec::new(),
    };
    let mut response = answer(error.status_code(), title, detail, &errors, context);
    if let AppError::TooMany { wait_seconds } = error {
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, (*wait_seconds).into());
    }
    response
}

fn of_fault(fault: &Fault, context: &Context) -> HttpResponse {
    let t = texts(context);
    let status = fault.status_code();
    match fault {
        Fault::App(error) => of_app(error, context),
        Fault::Fields(errors) => {
            let text = |error: &FieldError| error.text(&t);
            let all: Vec<_> = errors
                .iter()
                .flat_map(|(field, found)| found.iter().map(move |error| (field, error)))
                .map(|(field, error)| (field.as_str(), error.key.as_str(), text(error)))
                .collect();
            let detail = all.first().map(|(.., text)| text.clone());
            answer(
                status,
                "error-invalid",
                detail.unwrap_or_default(),
                &all,
                context,
            )
        }
        Fault::Unreadable(why) => answer(status, "api-unreadable", why.clone(), &[], context),
        Fault::Stale => answer(status, "api-stale", t.t("api-stale-text"), &[], context),
        Fault::TooLarge => answer(status, "api-too-large", String::new(), &[], context),
        Fault::NotJson => answer(status, "api-not-json", String::new(), &[], context),
    }
}

/// The answer to a method that the path does not have.
pub fn wrong_method(req: &HttpRequest, allow: &str) -> HttpResponse {
    let context = req
        .extensions()
        .get::<Rc<Context>>()
        .cloned()
        .unwrap_or_default();
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let mut response = answer(status, "api-wrong-method", allow.to_owned(), &[], &context);
    if let Ok(value) = allow.parse() {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

fn texts(context: &Context) -> Texts {
    Texts::new(&context.language, "UTC")
}

fn answer(
    status: StatusCode,
    title: &str,
    detail: String,
    errors: &[(&str, &str, String)],
    context: &Context,
) -> HttpResponse {
    let kind = title
        .trim_start_matches("error-")
        .trim_start_matches("api-");
    let errors = errors
        .iter()
        .map(|(field, code, detail)| ProblemField {
            field: (*field).to_owned(),
            code: (*code).to_owned(),
            detail: detail.clone(),
        })
        .collect();
    let problem = Problem {
        r#type: format!("urn:mandant:problem:{kind}"),
        title: texts(context).t(title),
        status: status.as_u16(),
        detail,
        request_id: context.request_id.clone(),
        errors,
    };
    HttpResponse::build(status)
        .insert_header(("content-language", context.language.clone()))
        .content_type("application/problem+json")
        .body(serde_json::to_string(&problem).unwrap_or_default())
}
