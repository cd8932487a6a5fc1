//! What a program sends: JSON and query strings, read strictly. A name that the API does not know is an
//! error, not passed over: a slip would otherwise look like success.

use crate::web::problem::Fault;
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::{Future, Ready, ready};
use std::pin::Pin;

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Fault>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = req
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        let body = web::Bytes::from_request(req, payload);
        Box::pin(async move {
            let body = body.await.map_err(|error| {
                let status = error.as_response_error().status_code();
                if status == actix_web::http::StatusCode::PAYLOAD_TOO_LARGE {
                    Fault::TooLarge
                } else {
                    Fault::Unreadable(error.to_string())
                }
            })?;
            if !json {
                return Err(Fault::NotJson);
            }
            read(&body).map(Self)
        })
    }
}

/// Reads JSON of a known shape.
///
/// # Errors
/// `Unreadable`, with the place.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Fault> {
    let unreadable = |error: serde_json::Error| Fault::Unreadable(error.to_string());
    let value: Value = serde_json::from_slice(text).map_err(unreadable)?;
    if has_nul(&value) {
        return Err(nul());
    }
    serde_json::from_slice(text).map_err(unreadable)
}

/// The one character that PostgreSQL cannot keep.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(all) => all.iter().any(has_nul),
        Value::Object(all) => all
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

fn nul() -> Fault {
    Fault::Unreadable("texts must not contain U+0000".into())
}

/// A query string.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Params<T> {
    type Error = Fault;
    type Future = Ready<Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = req.query_string();
        let nul_in = url::form_urlencoded::parse(text.as_bytes())
            .any(|(name, value)| name.contains('\0') || value.contains('\0'));
        ready(if nul_in {
            Err(nul())
        } else {
            web::Query::<T>::from_query(text)
                .map(|query| Self(query.into_inner()))
                .map_err(|error| Fault::Unreadable(error.to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn nul_is_found_wherever_it_hides() {
        let read = |text: &str| read::<BTreeMap<String, Value>>(text.as_bytes());
        assert!(read(r#"{"a": ["x", {"b": 1}]}"#).is_ok());
        for bad in [r#"{"a": "\u0000"}"#, r#"{"a": [{"\u0000": 1}]}"#, "{", "[]"] {
            assert!(matches!(read(bad), Err(Fault::Unreadable(_))), "{bad}");
        }
    }
}
