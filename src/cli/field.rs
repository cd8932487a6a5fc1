//! `mandant field create|list`.

use super::database::open;
use super::output::{Format, table};
use super::{Result, Verb};
use crate::config::Loaded;
use crate::tenant::fields::define::{Definition, FieldInput};
use crate::tenant::fields::kind::Choice;
use crate::tenant::fields::show::{self, Shown};
use clap::{Args, Subcommand};

/// Create and list the fields of recipients
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Add a field to a tenant
    Create(Box<Create>),
    /// List a tenant's fields, the standard ones first
    List(List),
}

#[derive(Args, Debug)]
struct Create {
    /// Slug of the tenant
    #[arg(long)]
    tenant: String,
    /// Its name in rules and files: a letter a to z, then letters, digits and _
    #[arg(long)]
    key: String,
    /// text, integer, decimal, boolean, date, datetime, choice, email, phone or url
    #[arg(long = "type", value_name = "TYPE", value_parser = ["text", "integer", "decimal", "boolean", "date", "datetime", "choice", "email", "phone", "url"])]
    kind: String,
    /// Label
    #[arg(long, default_value = "")]
    label: String,
    /// Label for German readers
    #[arg(long, default_value = "")]
    label_de: String,
    /// Text: most characters
    #[arg(long)]
    max: Option<u32>,
    /// Decimal: digits in all
    #[arg(long)]
    precision: Option<u8>,
    /// Decimal: digits after the point
    #[arg(long)]
    scale: Option<u8>,
    /// Choice: an allowed value, perhaps with its label; may be given several times
    #[arg(long = "choice", value_name = "VALUE[=LABEL]", value_parser = choice)]
    choices: Vec<Choice>,
    /// A recipient must have it
    #[arg(long)]
    required: bool,
    /// No two recipients may share a value
    #[arg(long)]
    unique: bool,
    /// The list can sort by it quickly
    #[arg(long)]
    indexed: bool,
    /// What a new recipient gets
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    default: String,
    /// Heading under which pages show it
    #[arg(long, default_value = "")]
    group: String,
    /// Help below its input
    #[arg(long, default_value = "")]
    help_text: String,
    /// Who may change it on pages
    #[arg(long, default_value = "editable", value_parser = ["editable", "read_only", "hidden"])]
    mode: String,
    /// Keep no history of its changes
    #[arg(long)]
    no_history: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
struct List {
    /// `nord`, or `nord/vip` for an inner tenant
    #[arg(long)]
    tenant: String,
    #[command(flatten)]
    format: Format,
}

/// `value`, or `value=label`.
fn choice(text: &str) -> std::result::Result<Choice, String> {
    let (value, label) = text.split_once('=').unwrap_or((text, ""));
    Ok(Choice {
        value: value.to_owned(),
        label_en: label.to_owned(),
        label_de: String::new(),
    })
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        match self.act {
            Act::Create(create) => create.run(loaded),
            Act::List(list) => list.run(loaded),
        }
    }
}

impl Create {
    fn run(self, loaded: &Loaded) -> Result {
        let (tenant, format) = (self.tenant.clone(), self.format);
        let field = Definition::check(self.into_input())?;
        let opened = open(loaded)?;
        opened.tenant(&tenant)?;
        let shown = show::create(&opened.app, &tenant, field)?;
        format.print(&shown, |shown| table(&[cells(shown)]))
    }

    fn into_input(self) -> FieldInput {
        FieldInput {
            key: self.key,
            kind: self.kind,
            label_en: self.label,
            label_de: self.label_de,
            help_en: self.help_text.clone(),
            help_de: self.help_text,
            group: self.group,
            position: None,
            mode: self.mode,
            required: self.required,
            unique: self.unique,
            indexed: self.indexed,
            historised: !self.no_history,
            default: self.default,
            max: self.max,
            precision: self.precision,
            scale: self.scale,
            choices: self.choices,
        }
    }
}

impl List {
    fn run(self, loaded: &Loaded) -> Result {
        let opened = open(loaded)?;
        opened.tenant(&self.tenant)?;
        let all = show::list(&opened.app, &self.tenant)?;
        self.format.print(&all, |all| {
            table(&all.iter().map(cells).collect::<Vec<_>>())
        })
    }
}

fn cells(shown: &Shown) -> Vec<String> {
    let marks = [
        (shown.required, "required"),
        (shown.unique, "unique"),
        (shown.indexed, "indexed"),
    ];
    let marks: Vec<_> = marks
        .iter()
        .filter_map(|(yes, word)| yes.then_some(*word))
        .collect();
    vec![
        shown.key.clone(),
        shown.kind.to_owned(),
        shown.label.clone(),
        marks.join(" "),
    ]
}
