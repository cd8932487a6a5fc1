//! What can go wrong, and which answer each gives.

use crate::access::SignOnAsked;
use crate::web::form::FieldError;
use crate::web::i18n::Texts;
use actix_web::http::StatusCode;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use std::fmt;
use std::io::ErrorKind;

/// The result of everything that can fail with an answer for the user.
pub type Result<T, E = AppError> = std::result::Result<T, E>;

/// Why a request or a command failed.
#[derive(Debug)]
pub enum AppError {
    /// There is nothing here, or nothing that the user may know of: 404.
    NotFound,
    /// The user may see the thing but not do this: 403 with the right's key.
    Forbidden {
        /// The missing right.
        right: &'static str,
    },
    /// The user looks as somebody else and can only look: 403.
    OnlyLooking,
    /// Nobody is logged in: to the log-in page and back.
    LogIn,
    /// The session was not the form's, or the request came from another site: 403.
    Csrf,
    /// Somebody else changed the thing meanwhile: 409.
    Conflict,
    /// What was sent cannot be used; the message's Fluent key, and its parameters: 422.
    Invalid {
        /// Fluent key.
        key: &'static str,
        /// Named values of the message.
        params: Vec<(&'static str, String)>,
    },
    /// A rule that somebody typed is none; each fault with its place in the text: 422.
    Rule(Vec<FieldError>),
    /// The database said no because of a named constraint; forms turn it into a field's error.
    Constraint(String),
    /// A row would lie outside the inner tenant's fence.
    OutsideFence,
    /// The tenant's schema has another version than this program: 503 for this tenant only.
    TenantVersion,
    /// The tenant is locked or in the trash: 403 with the reason.
    TenantClosed {
        /// The status that closes it.
        status: String,
    },
    /// The tenant asks for a log-in by a provider that the session was not begun by: 403 with the way there.
    SignOn(SignOnAsked),
    /// The tenant asks for a second factor that the user has not: to the page that sets one up, and back.
    SecondFactor,
    /// The database does not answer: 503, try again.
    Unavailable,
    /// The program stops, or another worker has the job by now; nobody sees this.
    Interrupted,
    /// A dry run undoes what it did; nobody sees this.
    TakenBack,
    /// A statement took longer than it may.
    TimedOut,
    /// Too many requests or tries: 429 with seconds to wait.
    TooMany {
        /// Seconds until the next try makes sense.
        wait_seconds: u64,
    },
    /// A fault of the program or its surroundings; the text is for the log and the operator.
    Internal(String),
}

impl AppError {
    /// A fault described for the operator.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::Internal(what.into())
    }

    /// Something sent that cannot be used.
    pub fn invalid(key: &'static str) -> Self {
        Self::Invalid {
            key,
            params: Vec::new(),
        }
    }

    /// A failure to write a file: that there is no room is told to the user, all else to the operator.
    pub fn of_file(what: &str, error: &std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                tracing::error!(what, %error, "no room for a file");
                Self::invalid("disk-full")
            }
            _ => Self::Internal(format!("{what}: {error}")),
        }
    }

    /// Whether running the transaction again may succeed.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Interrupted)
            || matches!(self, Self::Internal(text) if text.starts_with(RETRY))
    }
}

/// Marks a failure (deadlock, serialisation, lock time-out) after which the same work may succeed.
const RETRY: &str = "try again: ";

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => write!(f, "there is no such thing"),
            Self::Forbidden { right } => write!(f, "the right {right} is missing"),
            Self::LogIn => write!(f, "nobody is logged in"),
            Self::Csrf => write!(f, "the form did not come from this session"),
            Self::Conflict => write!(f, "somebody else changed it meanwhile"),
            Self::Invalid { key, params } => f.write_str(&crate::web::i18n::english(key, params)),
            Self::Rule(faults) => {
                let t = Texts::new("en", "UTC");
                let texts: Vec<_> = faults.iter().map(|fault| fault.text(&t)).collect();
                f.write_str(&texts.join("; "))
            }
            Self::Constraint(name) => write!(f, "constraint {name}"),
            Self::OutsideFence => write!(f, "the recipient would lie outside the inner tenant"),
            Self::TenantVersion => write!(
                f,
                "the tenant's schema has another version than this program"
            ),
            Self::TenantClosed { status } => write!(f, "the tenant is {status}"),
            Self::SignOn(_) => write!(f, "the tenant asks for a log-in by its provider"),
            Self::SecondFactor => write!(f, "the tenant asks for a second factor"),
            Self::Unavailable => write!(f, "the database does not answer"),
            Self::Interrupted => write!(f, "interrupted"),
            Self::TakenBack => write!(f, "taken back"),
            Self::OnlyLooking => write!(f, "only looking as somebody else"),
            Self::TimedOut => write!(f, "it took too long"),
            Self::TooMany { wait_seconds } => write!(f, "too many tries; wait {wait_seconds} s"),
            Self::Internal(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for AppError {}

impl From<DieselError> for AppError {
    /// The message of a database error may quote data; it goes no further than its kind and constraint.
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(kind, info) => from_database(&kind, info.as_ref()),
            DieselError::BrokenTransactionManager => Self::Unavailable,
            other => Self::Internal(other.to_string()),
        }
    }
}

fn from_database(
    kind: &DatabaseErrorKind,
    info: &(dyn DatabaseErrorInformation + Send + Sync),
) -> AppError {
    let constraint = || AppError::Constraint(info.constraint_name().unwrap_or_default().to_owned());
    match kind {
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::RestrictViolation
        | DatabaseErrorKind::ExclusionViolation => constraint(),
        // PostgreSQL 15 gives NOT NULL no name of its own.
        DatabaseErrorKind::NotNullViolation => AppError::Constraint(format!(
            "{}_{}_required",
            info.table_name().unwrap_or_default(),
            info.column_name().unwrap_or_default()
        )),
        DatabaseErrorKind::SerializationFailure => {
            AppError::Internal(format!("{RETRY}{}", info.message()))
        }
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
            AppError::Unavailable
        }
        _ => from_message(info.message()),
    }
}

/// diesel keeps no SQLSTATE, so the rest is told by PostgreSQL's (English: the log-ins set no
/// `lc_messages`) fixed texts and by those that our own functions raise.
fn from_message(message: &str) -> AppError {
    match message {
        "outside the fence" => AppError::OutsideFence,
        "list outside the fence" | "no such list" => AppError::invalid("fence-list-outside"),
        "the fence asks for a list" => AppError::invalid("fence-list-missing"),
        // Columns that were dropped count, too.
        text if text.starts_with("tables can have at most") => {
            AppError::invalid("field-columns-used-up")
        }
        text if text.contains("statement timeout") => AppError::TimedOut,
        text if text.contains("No space left on device") => {
            tracing::error!(text, "no room for the database");
            AppError::invalid("disk-full")
        }
        text if text.starts_with("new row violates check option") => AppError::OutsideFence,
        text if text.contains("deadlock detected") || text.contains("lock timeout") => {
            AppError::Internal(format!("{RETRY}{text}"))
        }
        text if text.contains("recipients changed meanwhile") => {
            AppError::Internal(format!("{RETRY}{text}"))
        }
        text if GONE.iter().any(|gone| text.contains(gone)) => AppError::Unavailable,
        text => AppError::Internal(text.to_owned()),
    }
}

/// What the server and libpq say when a connection ends: stopped, killed, or starting again.
const GONE: &[&str] = &[
    "terminating connection",
    "server closed the connection",
    "could not receive data from server",
    "could not send data to server",
    "no connection to the server",
    "SSL SYSCALL error",
    "the database system is",
];

impl actix_web::ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden { .. }
            | Self::OnlyLooking
            | Self::Csrf
            | Self::TenantClosed { .. }
            | Self::SignOn(_)
            | Self::SecondFactor => StatusCode::FORBIDDEN,
            Self::LogIn => StatusCode::UNAUTHORIZED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Invalid { .. } | Self::Rule(_) | Self::Constraint(_) | Self::OutsideFence => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::TenantVersion | Self::Unavailable | Self::TimedOut => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Interrupted | Self::TakenBack | Self::Internal(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_without_room_is_told_to_the_user_and_nothing_else_is() {
        let told = |error: AppError| {
            matches!(
                error,
                AppError::Invalid {
                    key: "disk-full",
                    ..
                }
            )
        };
        for kind in [
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::FileTooLarge,
        ] {
            assert!(told(AppError::of_file("upload", &kind.into())));
        }
        let other = ErrorKind::PermissionDenied.into();
        assert!(!told(AppError::of_file("upload", &other)));
        let full = "could not extend file \"base/5/16384\": No space left on device";
        assert!(told(from_message(full)));
        assert!(!told(from_message("could not open file")));
    }
}
