//! Lays the sources over each other: defaults, file, environment, flags; the later is the stronger.

use super::settings::{self, SETTINGS, Setting};
use super::{Config, file};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "mandant.toml";
/// Names the file when no flag does.
const FILE_VARIABLE: &str = "MANDANT_CONFIG";

/// A setting that the command line names.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Which setting, by its key.
    pub key: &'static str,
    /// What it was given.
    pub value: String,
}

/// Where settings come from.
#[derive(Debug, Default)]
pub struct Sources {
    /// The command line's settings.
    pub flags: Vec<Flag>,
    /// The file that the command line names.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
}

/// The configuration in force, and where each value comes from.
pub struct Loaded {
    /// What is in force.
    pub config: Config,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What looks like a slip but stops nothing.
    pub warnings: Vec<String>,
    pub(super) figment: Figment,
}

impl fmt::Debug for Loaded {
    /// Leaves out figment, which holds the secrets in the clear.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("config", &self.config)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// Why there is no configuration.
#[derive(Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// The command line contradicts itself or names a useless value.
    Usage(String),
    /// The file or the environment is wrong.
    Invalid(String),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Invalid(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Sources {
    /// The process's environment beside the flags and file of its command line.
    pub fn from_process(flags: Vec<Flag>, file: Option<PathBuf>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((
                    name.into_string().ok()?,
                    value.to_string_lossy().into_owned(),
                ))
            })
            .collect();
        Self {
            flags,
            file,
            environment,
        }
    }

    /// Reads and joins all sources.
    ///
    /// # Errors
    /// When flags contradict each other, the file cannot be read or a value is of no use.
    pub fn load(self) -> Result<Loaded, ConfigError> {
        let named = |key| self.flags.iter().any(|flag| flag.key == key);
        if named("database.url") && named("database.data_dir") {
            let message = "--data-dir and --database-url exclude each other: name one of them";
            return Err(ConfigError::Usage(message.to_owned()));
        }
        let folder_by_flag = named("database.data_dir");
        let (path, text) = self.read_file()?;
        let mut layers = Layers {
            folder_by_flag,
            warnings: self.unknown_variables(),
            ..Layers::default()
        };
        layers.defaults();
        if let Some(path) = &path {
            layers.file(path, &text)?;
        }
        layers.environment(&self.environment);
        layers.flags(&self.flags);
        layers.finish(path)
    }

    /// The file's path and text. A file that was named must be there; the default one may be missing.
    fn read_file(&self) -> Result<(Option<PathBuf>, String), ConfigError> {
        let by_variable = self.variable(FILE_VARIABLE).map(PathBuf::from);
        let named = self.file.clone().or(by_variable);
        let path = named.clone().unwrap_or_else(|| DEFAULT_FILE.into());
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok((Some(path), text)),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Ok((None, String::new()))
            }
            Err(error) => {
                let message = format!("cannot read {}: {error}", path.display());
                Err(if self.file.is_some() {
                    ConfigError::Usage(message)
                } else {
                    ConfigError::Invalid(message)
                })
            }
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        value_of(&self.environment, name)
    }

    /// `MANDANT_…` variables that nothing reads. Those of the test suite are another program's business.
    fn unknown_variables(&self) -> Vec<String> {
        let known = || {
            SETTINGS
                .iter()
                .flat_map(|setting| setting.env)
                .copied()
                .chain([FILE_VARIABLE])
        };
        self.environment
            .keys()
            .filter(|name| name.starts_with("MANDANT_") && !name.starts_with("MANDANT_TEST_"))
            .filter(|name| !known().any(|known| known == name.as_str()))
            .map(|name| {
                let hint = settings::nearest(name, known())
                    .map_or(String::new(), |near| format!("; did you mean {near}?"));
                format!("the environment's {name} means nothing here{hint}")
            })
            .collect()
    }
}

/// What holds when no source names anything.
pub(super) fn defaults() -> Config {
    let mut layers = Layers::default();
    layers.defaults();
    let loaded = layers.finish(None);
    loaded.expect("the defaults of the table are values").config
}

/// A variable's value. An empty one counts as not set, as container tools pass it.
fn value_of<'a>(environment: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    environment
        .get(name)
        .map(String::as_str)
        .filter(|value| !value.is_empty())
}

#[derive(Default)]
struct Layers {
    figment: Figment,
    folder_by_flag: bool,
    warnings: Vec<String>,
}

impl Layers {
    fn defaults(&mut self) {
        for setting in SETTINGS {
            if let Some(text) = setting.default {
                self.add(setting, setting.kind.value(text), "default".to_owned());
            }
        }
    }

    fn file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        for entry in file::parse(path, text).map_err(ConfigError::Invalid)? {
            self.add(
                entry.setting,
                entry.value,
                format!("{}:{}", path.display(), entry.line),
            );
        }
        Ok(())
    }

    fn environment(&mut self, environment: &BTreeMap<String, String>) {
        for setting in SETTINGS {
            let found = setting
                .env
                .iter()
                .find_map(|name| Some((name, value_of(environment, name)?)));
            if let Some((name, text)) = found {
                self.add(
                    setting,
                    setting.kind.value(text),
                    format!("environment {name}"),
                );
            }
        }
    }

    fn flags(&mut self, flags: &[Flag]) {
        for flag in flags {
            if let Some(setting) = settings::find(flag.key) {
                let name = setting.flag.unwrap_or(flag.key);
                // Unlike those of the weaker sources, a URL by flag always counts.
                self.merge(
                    setting,
                    setting.kind.value(&flag.value),
                    format!("flag {name}"),
                );
            }
        }
    }

    fn add(&mut self, setting: &Setting, value: Value, origin: String) {
        if setting.key == "database.url" && self.folder_by_flag {
            // Who names a folder on the command line means that folder's database, whatever URL a
            // surrounding project has left in the environment.
            self.warnings.push(format!(
                "the database URL of {origin} is not used, because --data-dir names a folder"
            ));
            return;
        }
        self.merge(setting, value, origin);
    }

    fn merge(&mut self, setting: &Setting, value: Value, origin: String) {
        let layer = One {
            key: setting.key,
            value,
            origin,
        };
        self.figment = std::mem::take(&mut self.figment).merge(layer);
    }

    fn finish(self, file: Option<PathBuf>) -> Result<Loaded, ConfigError> {
        let config: Config = self.figment.extract().map_err(|error| explain(&error))?;
        if let Some(url) = &config.server.public_url
            && !(matches!(url.scheme(), "http" | "https") && url.has_host())
        {
            return Err(ConfigError::Invalid(
                "server.public_url must begin with http:// or https://".to_owned(),
            ));
        }
        if config
            .mail
            .from
            .parse::<lettre::message::Mailbox>()
            .is_err()
        {
            return Err(ConfigError::Invalid(
                "mail.from must be an address, or a name and an address: Mandant <mandant@example.org>"
                    .to_owned(),
            ));
        }
        Ok(Loaded {
            config,
            file,
            warnings: self.warnings,
            figment: self.figment,
        })
    }
}

fn explain(error: &figment::Error) -> ConfigError {
    let origin = error
        .metadata
        .as_ref()
        .map_or("", |metadata| metadata.name.as_ref());
    let message = format!("{} ({origin}): {}", error.path.join("."), error.kind);
    if origin.starts_with("flag ") {
        ConfigError::Usage(message)
    } else {
        ConfigError::Invalid(message)
    }
}

/// One value as a source of its own, so that figment remembers where each value comes from.
struct One {
    key: &'static str,
    value: Value,
    origin: String,
}

impl Provider for One {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let nested = figment::util::nest(self.key, self.value.clone());
        Ok(Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}
