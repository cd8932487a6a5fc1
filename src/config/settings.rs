//! The table of all settings: key, flag, environment variable, default. The loader, `config check` and
//! the tests read this table; the structs of the parent module give the types.

use figment::value::Value;

/// How the text of a flag, an environment variable or a default becomes a value, and whether it may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Taken as it is.
    Text,
    /// A whole number.
    Number,
    /// Several texts: separated by commas, or an array in the file.
    List,
    /// A secret, of which only that it is set is shown.
    Secret,
    /// A database URL, whose password is never shown.
    DatabaseUrl,
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Where it stands in the file: `section.name`.
    pub key: &'static str,
    /// The command line's option, if there is one.
    pub flag: Option<&'static str>,
    /// Environment variables, the strongest first.
    pub env: &'static [&'static str],
    /// What holds when nothing names it; none means "not set".
    pub default: Option<&'static str>,
    /// What it is.
    pub kind: Kind,
}

const fn setting(
    key: &'static str,
    flag: Option<&'static str>,
    env: &'static [&'static str],
    default: Option<&'static str>,
    kind: Kind,
) -> Setting {
    Setting {
        key,
        flag,
        env,
        default,
        kind,
    }
}

/// All settings, in the order in which `config check` prints them. The descriptions are in docs/operating.md.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    setting("server.listen", Some("--listen"), &["MANDANT_LISTEN"], Some("127.0.0.1:8080"), Kind::Text),
    setting("server.public_url", None, &["MANDANT_PUBLIC_URL"], None, Kind::Text),
    setting("server.trusted_proxies", None, &["MANDANT_TRUSTED_PROXIES"], Some(""), Kind::List),
    setting("database.url", Some("--database-url"), &["MANDANT_DATABASE_URL", "DATABASE_URL"], None, Kind::DatabaseUrl),
    setting("database.data_dir", Some("--data-dir"), &["MANDANT_DATA_DIR"], Some("./data"), Kind::Text),
    setting("database.postgres_bin", None, &["MANDANT_POSTGRES_BIN"], None, Kind::Text),
    setting("database.pool_control", None, &["MANDANT_POOL_CONTROL"], Some("8"), Kind::Number),
    setting("database.pool_tenants", None, &["MANDANT_POOL_TENANTS"], Some("16"), Kind::Number),
    setting("storage.files_dir", Some("--files-dir"), &["MANDANT_FILES_DIR"], None, Kind::Text),
    setting("sessions.idle_minutes", None, &["MANDANT_SESSION_IDLE_MINUTES"], Some("60"), Kind::Number),
    setting("sessions.absolute_hours", None, &["MANDANT_SESSION_ABSOLUTE_HOURS"], Some("12"), Kind::Number),
    setting("sessions.cookie_secure", None, &["MANDANT_COOKIE_SECURE"], Some("auto"), Kind::Text),
    setting("sign_on.loopback", None, &["MANDANT_SIGN_ON_LOOPBACK"], Some("refuse"), Kind::Text),
    setting("mail.host", None, &["MANDANT_MAIL_HOST"], None, Kind::Text),
    setting("mail.port", None, &["MANDANT_MAIL_PORT"], Some("587"), Kind::Number),
    setting("mail.tls", None, &["MANDANT_MAIL_TLS"], Some("starttls"), Kind::Text),
    setting("mail.user", None, &["MANDANT_MAIL_USER"], None, Kind::Text),
    setting("mail.password", None, &["MANDANT_MAIL_PASSWORD"], None, Kind::Secret),
    setting("mail.from", None, &["MANDANT_MAIL_FROM"], Some("mandant@localhost"), Kind::Text),
    setting("logs.format", None, &["MANDANT_LOG_FORMAT"], Some("auto"), Kind::Text),
    setting("logs.filter", Some("--log"), &["MANDANT_LOG"], Some("warn,mandant=info"), Kind::Text),
    setting("limits.upload_mib", None, &["MANDANT_UPLOAD_MIB"], Some("1024"), Kind::Number),
    setting("limits.api_per_minute", None, &["MANDANT_API_PER_MINUTE"], Some("600"), Kind::Number),
    setting("limits.api_body_mib", None, &["MANDANT_API_BODY_MIB"], Some("4"), Kind::Number),
];

/// The setting of that key.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The known name that is most like `wrong`, if any is like it at all.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

impl Kind {
    /// The value that a text stands for. A number that is none stays text, so that the error shows it.
    pub fn value(self, text: &str) -> Value {
        match self {
            Self::Text | Self::Secret | Self::DatabaseUrl => Value::from(text),
            Self::Number => text
                .trim()
                .parse::<u64>()
                .map_or_else(|_| Value::from(text), Value::from),
            Self::List => Value::from(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .collect::<Vec<_>>(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_and_variable_stands_for_one_setting() {
        let mut names: Vec<_> = SETTINGS
            .iter()
            .flat_map(|setting| setting.env.iter().chain([&setting.key]))
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_none() {
        let known = || SETTINGS.iter().map(|setting| setting.key);
        assert_eq!(nearest("database.ulr", known()), Some("database.url"));
        assert_eq!(nearest("zzz", known()), None);
    }

    #[test]
    fn the_operating_page_names_every_setting() {
        let page = include_str!("../../docs/operating.md");
        for setting in SETTINGS {
            let row = page
                .lines()
                .find(|line| line.starts_with(&format!("| `{}` |", setting.key)))
                .unwrap_or_else(|| panic!("docs/operating.md lacks {}", setting.key));
            for name in setting
                .env
                .iter()
                .chain(&setting.flag)
                .chain(&setting.default)
            {
                assert!(
                    name.is_empty() || row.contains(&format!("`{name}`")),
                    "docs/operating.md, {}: {name} is missing",
                    setting.key
                );
            }
        }
    }
}
