//! The job that sends a mail by SMTP, and tries again where the server does not take it now.

use super::{Content, PURPOSE};
use crate::app::App;
use crate::clock;
use crate::config::{Mail, MailTls};
use crate::db::control;
use crate::db::schema::control::mails;
use crate::error::{AppError, Result};
use crate::jobs::{Kind, Outcome, Reporter, Taken, queue};
use crate::secrets::sealing;
use diesel::prelude::*;
use lettre::message::header::ContentType;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use secrecy::ExposeSecret;
use serde::Deserialize;
use std::time::Duration;

/// The job.
pub const KIND: Kind = Kind {
    name: "mail.send",
    work,
};

/// How often a mail is tried: at once, after 2, 4, 8 … minutes, the last time after some four hours.
const MOST_TRIES: i32 = 8;
/// How long the server may be silent.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
struct Payload {
    mail: i64,
}

type Waiting = (String, Option<Vec<u8>>, i32);

fn work(app: &App, job: &Taken, _: &Reporter<'_>) -> Result<Outcome> {
    let payload: Payload = serde_json::from_value(job.payload.clone())
        .map_err(|error| AppError::internal(format!("the mail's job: {error}")))?;
    let found: Option<Waiting> = control::statement(&app.pools, |conn| {
        mails::table
            .find(payload.mail)
            .filter(mails::state.eq("waiting"))
            .select((mails::address, mails::sealed, mails::tries))
            .first(conn)
            .optional()
    })?;
    // Its user is gone, or it was sent by a worker that could not say so any more.
    let Some((address, Some(sealed), tries)) = found else {
        return Ok(Outcome::Done);
    };
    match deliver(app, payload.mail, &address, &sealed) {
        Ok(()) => end(app, payload.mail, tries + 1, "sent", None)?,
        Err(Failure { what, now_only }) if now_only && tries + 1 < MOST_TRIES => {
            tracing::warn!(mail = payload.mail, what, "a mail waits");
            note(app, payload.mail, tries + 1, &what)?;
            queue::again_later(&app.pools, job, 60 * (1 << (tries + 1)))?;
        }
        Err(Failure { what, .. }) => {
            tracing::error!(mail = payload.mail, what, "a mail is given up");
            end(app, payload.mail, tries + 1, "failed", Some(&what))?;
        }
    }
    Ok(Outcome::Done)
}

/// Why a mail did not go.
struct Failure {
    what: String,
    /// Whether a later try may succeed.
    now_only: bool,
}

impl Failure {
    fn for_good(error: impl std::fmt::Display) -> Self {
        Self {
            what: error.to_string(),
            now_only: false,
        }
    }
}

impl From<SmtpError> for Failure {
    fn from(error: SmtpError) -> Self {
        Self {
            // What the server says may name the recipient; the log does not.
            what: match error.status() {
                Some(code) => format!("the mail server answered {code}"),
                None => error.to_string(),
            },
            now_only: !error.is_permanent(),
        }
    }
}

fn deliver(app: &App, id: i64, address: &str, sealed: &[u8]) -> Result<(), Failure> {
    let mail = &app.config.mail;
    let Some(host) = &mail.host else {
        return Err(Failure {
            what: "no mail server is configured".into(),
            now_only: true,
        });
    };
    let content = sealing::open(&app.secret, PURPOSE, sealed);
    let content: Content = content
        .and_then(|text| serde_json::from_str(&text).ok())
        .ok_or_else(|| Failure::for_good("the mail was sealed with another secret"))?;
    let message = message(app, id, address, content)?;
    transport(mail, host)?.send(&message)?;
    Ok(())
}

fn message(app: &App, id: i64, address: &str, content: Content) -> Result<Message, Failure> {
    let from: lettre::message::Mailbox = app.config.mail.from.parse().map_err(Failure::for_good)?;
    // The same at each try, so that a mail that arrives twice can be known as one.
    let key = sealing::key_for(&app.secret, &format!("message:{id}"));
    let mark: String = key[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    Message::builder()
        .message_id(Some(format!("<{id}.{mark}@{}>", from.email.domain())))
        .from(from)
        .to(lettre::message::Mailbox::new(
            None,
            address.parse().map_err(Failure::for_good)?,
        ))
        .subject(content.subject)
        // Out-of-office replies help nobody here.
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(content.text)
        .map_err(Failure::for_good)
}

fn transport(mail: &Mail, host: &str) -> Result<SmtpTransport, Failure> {
    let parameters = || TlsParameters::new(host.to_owned());
    let tls = match mail.tls {
        MailTls::Off => Tls::None,
        MailTls::StartTls => Tls::Required(parameters()?),
        MailTls::Tls => Tls::Wrapper(parameters()?),
    };
    let mut builder = SmtpTransport::builder_dangerous(host)
        .port(mail.port)
        .timeout(Some(PATIENCE))
        .tls(tls);
    if let (Some(user), Some(password)) = (&mail.user, &mail.password) {
        let password = password.expose_secret().to_owned();
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

/// `Auto-Submitted: auto-generated`.
#[derive(Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

fn note(app: &App, id: i64, tries: i32, what: &str) -> Result<()> {
    control::statement(&app.pools, |conn| {
        diesel::update(mails::table.find(id))
            .set((mails::tries.eq(tries), mails::error.eq(what)))
            .execute(conn)
    })?;
    Ok(())
}

/// Sent or given up: its content goes.
fn end(app: &App, id: i64, tries: i32, state: &str, error: Option<&str>) -> Result<()> {
    control::statement(&app.pools, |conn| {
        diesel::update(mails::table.find(id))
            .set((
                mails::state.eq(state),
                mails::tries.eq(tries),
                mails::error.eq(error),
                mails::sealed.eq(None::<Vec<u8>>),
                mails::ended_at.eq(clock::now()),
            ))
            .execute(conn)
    })?;
    Ok(())
}
