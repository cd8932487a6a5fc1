//! Which source wins, and what is told of it.

use super::*;
use secrecy::ExposeSecret;
use std::io::Write;

fn sources(
    flags: &[(&'static str, &str)],
    environment: &[(&str, &str)],
    file: &tempfile::NamedTempFile,
) -> Sources {
    Sources {
        flags: flags
            .iter()
            .map(|&(key, value)| Flag {
                key,
                value: value.to_owned(),
            })
            .collect(),
        file: Some(file.path().to_owned()),
        environment: environment
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn url(loaded: &Loaded) -> Option<&str> {
    loaded
        .config
        .database
        .url
        .as_ref()
        .map(ExposeSecret::expose_secret)
}

fn source(loaded: &Loaded, key: &str) -> String {
    loaded
        .rows()
        .into_iter()
        .find(|row| row.key == key)
        .unwrap()
        .source
}

#[test]
fn defaults_hold_when_nothing_is_named() {
    let loaded = sources(&[], &[], &file("")).load().unwrap();
    let config = &loaded.config;
    assert_eq!(config.server.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(config.limits.upload_bytes(), 1 << 30);
    assert_eq!(config.sessions.idle(), Duration::from_secs(3600));
    assert_eq!(config.sessions.absolute(), Duration::from_secs(12 * 3600));
    assert!(config.files_dir().is_absolute());
    assert!(config.files_dir().ends_with("data/files"));
    assert!(config.server.trusted_proxies.is_empty());
    assert_eq!(url(&loaded), None);
    assert_eq!(loaded.rows().len(), settings::SETTINGS.len());
    assert!(loaded.rows().iter().all(|row| row.source == "default"));
}

#[test]
fn every_setting_of_the_table_has_a_field_and_every_source_reaches_it() {
    for setting in settings::SETTINGS {
        let sample = match (setting.key, setting.default) {
            ("server.public_url", _) => "https://mandant.example",
            ("server.trusted_proxies", _) => "10.0.0.0/8, ::1",
            ("mail.tls", _) => "off",
            (_, Some(default)) => default,
            (_, None) => "sample",
        };
        for name in setting.env {
            let loaded = sources(&[], &[(name, sample)], &file("")).load().unwrap();
            assert_eq!(source(&loaded, setting.key), format!("environment {name}"));
        }
        if let Some(flag) = setting.flag {
            let loaded = sources(&[(setting.key, sample)], &[], &file(""))
                .load()
                .unwrap();
            assert_eq!(source(&loaded, setting.key), format!("flag {flag}"));
        }
    }
}

#[test]
fn the_database_is_chosen_by_the_strongest_source() {
    let file = file("[database]\nurl = 'postgres://file'");
    let both = [
        ("MANDANT_DATABASE_URL", "postgres://own"),
        ("DATABASE_URL", "postgres://common"),
    ];
    let flag = [("database.url", "postgres://flag")];
    assert_eq!(
        url(&sources(&flag, &both, &file).load().unwrap()),
        Some("postgres://flag")
    );
    assert_eq!(
        url(&sources(&[], &both, &file).load().unwrap()),
        Some("postgres://own")
    );
    assert_eq!(
        url(&sources(&[], &both[1..], &file).load().unwrap()),
        Some("postgres://common")
    );
    let loaded = sources(&[], &[("DATABASE_URL", "")], &file).load().unwrap();
    assert_eq!(url(&loaded), Some("postgres://file"));
    assert_eq!(
        source(&loaded, "database.url"),
        format!("{}:2", file.path().display())
    );
}

#[test]
fn a_folder_by_flag_beats_a_url_that_lies_about_and_excludes_one_by_flag() {
    let folder = [("database.data_dir", "/srv/mandant")];
    let loaded = sources(
        &folder,
        &[("DATABASE_URL", "postgres://a:s3cret@common")],
        &file(""),
    )
    .load()
    .unwrap();
    assert_eq!(url(&loaded), None);
    assert_eq!(
        loaded.warnings,
        [
            "the database URL of environment DATABASE_URL is not used, because --data-dir names a folder"
        ]
    );
    let both = [folder[0], ("database.url", "postgres://flag")];
    let error = sources(&both, &[], &file("")).load().unwrap_err();
    assert!(matches!(error, ConfigError::Usage(_)), "{error:?}");
}

#[test]
fn a_wrong_value_is_told_with_its_place_and_blames_the_right_source() {
    let config = file("[server]\n\nlisten = 'nowhere'");
    let error = sources(&[], &[], &config).load().unwrap_err();
    let ConfigError::Invalid(message) = &error else {
        panic!("{error:?}")
    };
    assert!(
        message.starts_with(&format!("server.listen ({}:3): ", config.path().display())),
        "{message}"
    );
    let error = sources(&[("server.listen", "nowhere")], &[], &file(""))
        .load()
        .unwrap_err();
    assert!(matches!(error, ConfigError::Usage(_)), "{error:?}");
    for (key, value) in [
        ("MANDANT_POOL_CONTROL", "0"),
        ("MANDANT_UPLOAD_MIB", "much"),
        ("MANDANT_PUBLIC_URL", "ftp://x"),
        ("MANDANT_MAIL_TLS", "maybe"),
        ("MANDANT_MAIL_FROM", "nobody"),
    ] {
        let error = sources(&[], &[(key, value)], &file("")).load().unwrap_err();
        assert!(matches!(error, ConfigError::Invalid(_)), "{key}: {error:?}");
    }
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let mut sources = sources(&[], &[], &file(""));
    sources.file = Some("/nowhere/mandant.toml".into());
    assert!(matches!(sources.load(), Err(ConfigError::Usage(_))));
}

#[test]
fn a_variable_with_a_slip_is_told() {
    let loaded = sources(
        &[],
        &[("MANDANT_DATABSE_URL", "x"), ("MANDANT_TEST_X", "y")],
        &file(""),
    )
    .load()
    .unwrap();
    assert_eq!(
        loaded.warnings,
        [
            "the environment's MANDANT_DATABSE_URL means nothing here; did you mean MANDANT_DATABASE_URL?"
        ]
    );
}

#[test]
fn no_secret_is_printed() {
    let loaded = sources(
        &[],
        &[
            ("DATABASE_URL", "postgres://a:s3cret@db/m"),
            ("MANDANT_MAIL_PASSWORD", "s3cret"),
        ],
        &file(""),
    )
    .load()
    .unwrap();
    let json = serde_json::to_string(&loaded.rows()).unwrap();
    assert!(json.contains("postgres://a:***@db/m"), "{json}");
    assert!(!json.contains("s3cret"));
    assert!(!format!("{loaded:?}").contains("s3cret"));
}

#[test]
fn cookies_follow_the_public_url() {
    let secure = |environment: &[(&str, &str)]| {
        sources(&[], environment, &file(""))
            .load()
            .unwrap()
            .config
            .cookie_secure()
    };
    assert!(!secure(&[]));
    assert!(secure(&[("MANDANT_PUBLIC_URL", "https://mandant.example")]));
    assert!(!secure(&[("MANDANT_PUBLIC_URL", "http://mandant.example")]));
    assert!(secure(&[("MANDANT_COOKIE_SECURE", "always")]));
}
