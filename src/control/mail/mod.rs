//! Mails of the installation itself: invitations, links, notices. Written into an outbox in the transaction
//! of the act they tell of, in the recipient's language; a job sends them (`send`). Not the mailings of
//! tenants.

pub mod send;

use crate::app::App;
use crate::clock;
use crate::db::control;
use crate::db::ids::UserId;
use crate::db::schema::control::{jobs, mails, tenants, users};
use crate::error::Result;
use crate::secrets::sealing;
use crate::web::i18n::Texts;
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// What became of a mail; its content is not kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = mails)]
pub struct Sent {
    /// Which text it was.
    pub kind: String,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub tries: i32,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// The mails that a user was sent in the last `KEPT_DAYS`, the latest first.
///
/// # Errors
/// When the database does not answer.
pub fn of_user(conn: &mut PgConnection, user: UserId, most: i64) -> Result<Vec<Sent>> {
    Ok(mails::table
        .filter(mails::user_id.eq(user.0))
        .order(mails::id.desc())
        .limit(most)
        .select(Sent::as_select())
        .load(conn)?)
}

/// How long it is kept that a mail was sent.
const KEPT_DAYS: i64 = 90;
/// What the contents are sealed for.
const PURPOSE: &str = "mail";

/// What an act needs to write mails and to make links.
#[derive(Clone, Debug)]
pub struct Post {
    secret: SecretString,
    sends: bool,
    base: String,
}

/// A mail to be written: `kind` is the Fluent key of its subject, and with `-text` that of its text.
#[derive(Debug)]
pub struct Letter<'l> {
    /// To whom.
    pub to: UserId,
    /// Which text; the log of mails shows it.
    pub kind: &'static str,
    /// Values of the text, beside `name` (the recipient's), `site` and `at` (now).
    pub params: &'l [(&'static str, String)],
}

/// What the outbox keeps sealed.
#[derive(Debug, Deserialize, Serialize)]
struct Content {
    subject: String,
    text: String,
}

impl Post {
    /// With the installation's secret, whether there is a mail server, and what links begin with.
    pub fn new(secret: SecretString, sends: bool, base: String) -> Self {
        Self {
            secret,
            sends,
            base,
        }
    }

    /// Whether mails go out; where not, links are shown to be handed over.
    pub fn sends(&self) -> bool {
        self.sends
    }

    /// The installation's secret.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// The whole URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Puts a mail into the outbox, in the transaction under way. Without a mail server nothing happens.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn write(&self, conn: &mut PgConnection, letter: &Letter<'_>) -> Result<()> {
        if !self.sends {
            return Ok(());
        }
        let (address, name, language, zone): (String, String, String, String) = users::table
            .find(letter.to.0)
            .select((users::email, users::name, users::language, users::time_zone))
            .first(conn)?;
        let content = self.content(letter, name, &Texts::new(&language, &zone));
        let content = serde_json::to_string(&content).unwrap_or_default();
        let id: i64 = diesel::insert_into(mails::table)
            .values((
                mails::user_id.eq(letter.to.0),
                mails::kind.eq(letter.kind),
                mails::address.eq(address),
                mails::sealed.eq(sealing::seal(&self.secret, PURPOSE, &content)),
            ))
            .returning(mails::id)
            .get_result(conn)?;
        // The main tenant's job: it is the one that is never in the trash.
        let main = tenants::table.filter(tenants::kind.eq("main"));
        let main: i32 = main.select(tenants::id).first(conn)?;
        diesel::insert_into(jobs::table)
            .values((
                jobs::tenant_id.eq(main),
                jobs::kind.eq(send::KIND.name),
                jobs::payload.eq(serde_json::json!({ "mail": id })),
            ))
            .execute(conn)?;
        Ok(())
    }

    /// A mail in the recipient's language.
    fn content(&self, letter: &Letter<'_>, name: String, t: &Texts) -> Content {
        let mut params = letter.params.to_vec();
        params.push(("name", name));
        params.push(("site", self.base.clone()));
        params.push(("at", t.moment(&clock::now())));
        Content {
            subject: t.with_all(letter.kind, &params),
            text: t.with_all(&format!("{}-text", letter.kind), &params) + "\n",
        }
    }
}

/// Forgets which mails were sent long ago.
///
/// # Errors
/// When the database does not answer.
pub fn forget_old(app: &App) -> Result<usize> {
    let old = clock::now() - Duration::days(KEPT_DAYS);
    control::statement(&app.pools, |conn| {
        diesel::delete(mails::table.filter(mails::ended_at.lt(old))).execute(conn)
    })
}
