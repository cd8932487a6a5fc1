//! What is in force and where it comes from, for `config check`. Secrets are hidden here, once.

use super::settings::{Kind, SETTINGS, Setting};
use super::{Config, Loaded, redact};
use serde::Serialize;
use serde_json::Value as Json;

/// A setting as it may be shown.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Which setting.
    pub key: &'static str,
    /// Its value; null when nothing sets it.
    pub value: Json,
    /// What follows from the value where it leaves something open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// Where the value comes from: `flag NAME`, `environment NAME`, `FILE:LINE` or `default`.
    pub source: String,
}

impl Loaded {
    /// Every setting, in the table's order.
    pub fn rows(&self) -> Vec<Row> {
        SETTINGS.iter().map(|setting| self.row(setting)).collect()
    }

    fn row(&self, setting: &'static Setting) -> Row {
        let value = self.figment.find_value(setting.key).ok();
        let source = self
            .figment
            .find_metadata(setting.key)
            .map(|metadata| metadata.name.to_string());
        Row {
            key: setting.key,
            value: value.map_or(Json::Null, |value| shown(setting.kind, &value)),
            effect: effect(&self.config, setting.key),
            source: source.unwrap_or_else(|| "default".to_owned()),
        }
    }
}

fn shown(kind: Kind, value: &figment::value::Value) -> Json {
    match kind {
        Kind::DatabaseUrl => Json::from(
            value
                .as_str()
                .map_or(redact::HIDDEN.to_owned(), redact::database_url),
        ),
        Kind::Secret => Json::from(redact::HIDDEN),
        Kind::Text | Kind::Number | Kind::List => serde_json::to_value(value).unwrap_or(Json::Null),
    }
}

/// What an open or automatic value comes to.
fn effect(config: &Config, key: &str) -> Option<String> {
    let database = &config.database;
    match key {
        "database.url" if database.url.is_none() => Some(format!(
            "private PostgreSQL in {}",
            database.data_dir.display()
        )),
        "database.postgres_bin" if database.postgres_bin.is_none() => Some("looked for".to_owned()),
        "storage.files_dir" if config.storage.files_dir.is_none() => {
            Some(config.files_dir().display().to_string())
        }
        "server.public_url" if config.server.public_url.is_none() => {
            Some(format!("http://{}", config.server.listen))
        }
        "mail.host" if config.mail.host.is_none() => {
            Some("no mails; links are shown to be handed over".to_owned())
        }
        "sessions.cookie_secure" => Some(
            if config.cookie_secure() {
                "HTTPS only"
            } else {
                "HTTP too"
            }
            .to_owned(),
        ),
        _ => None,
    }
}
