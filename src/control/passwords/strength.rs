//! How hard a password is to guess: an estimate by zxcvbn, whose lists hold the passwords, words and names that
//! are tried first. The worst are refused; while typing the estimate is shown.

use crate::access::{Anonymous, Routes, client};
use crate::error::{AppError, Result};
use crate::web::form::Submitted;
use crate::web::i18n::Texts;
use actix_web::{HttpRequest, HttpResponse};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use std::time::Instant;
use validator::Validate;
use zxcvbn::{Score, zxcvbn};

/// What is behind this is no longer looked at: the estimate's time grows with it, and it is good by then.
const LOOKED_AT: usize = 64;

/// The route.
pub fn routes(r: &mut Routes) {
    r.post("/password/strength", strength);
}

/// From 0, the worst, to 4. `about` is what a guesser knows of its owner.
pub fn of(password: &str, about: &[&str]) -> u8 {
    let end = password
        .char_indices()
        .nth(LOOKED_AT)
        .map_or(password.len(), |(at, _)| at);
    u8::from(zxcvbn(&password[..end], about).score())
}

/// Whether it is among what is guessed first.
pub fn is_weak(password: &str, about: &[&str]) -> bool {
    of(password, about) < u8::from(Score::Two)
}

#[derive(Debug, Deserialize, Validate)]
struct Typed {
    #[serde(default)]
    password: SecretString,
}

/// The estimate for the page, in words. Nothing is kept.
async fn strength(
    visitor: Anonymous,
    sent: Submitted<Typed>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let address = client::address(&req, visitor.app());
    let taken = visitor.app().visitors.take(address, Instant::now());
    taken.map_err(|budget| AppError::TooMany {
        wait_seconds: budget.seconds,
    })?;
    let typed = match sent.validated() {
        Ok(typed) => typed.into_inner().password,
        Err(faulty) => faulty.typed.password,
    };
    let language = visitor.context().language.clone();
    let (score, text) = visitor
        .block(move |_| {
            let score = of(typed.expose_secret(), &[]);
            let long = typed.expose_secret().chars().count() >= super::MIN_LENGTH;
            let score = if long { score } else { 0 };
            Ok((score, words(&Texts::new(&language, "UTC"), score, long)))
        })
        .await?;
    Ok(HttpResponse::Ok().json(json!({ "score": score, "text": text })))
}

fn words(t: &Texts, score: u8, long: bool) -> String {
    let key = match score {
        _ if !long => "strength-short",
        0 | 1 => "strength-weak",
        2 => "strength-fair",
        3 => "strength-good",
        _ => "strength-strong",
    };
    t.t(key)
}

#[cfg(test)]
mod tests {
    use super::is_weak;

    #[test]
    fn what_is_guessed_first_is_weak() {
        for weak in [
            "password123",
            "1234567890",
            "qwertzuiop",
            "qwertyuiop",
            "aaaaaaaaaaaa",
            "passwordpassword",
        ] {
            assert!(is_weak(weak, &[]), "{weak}");
        }
        for good in [
            "correct horse battery",
            "ein Satz mit vier Worten",
            "kx7!pq2mzv",
        ] {
            assert!(!is_weak(good, &[]), "{good}");
        }
        assert!(is_weak(
            "annaberta77",
            &["annaberta77@example.org", "annaberta77"]
        ));
        assert!(!is_weak(&"viele Worte ".repeat(80), &[]));
    }
}
