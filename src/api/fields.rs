//! The fields of recipients.

mod rights;

use super::body::{Body, Params};
use super::{Answer, Items, Seen, Which, actor, created, nothing, ok, url};
use crate::access::rights::{ChangeFields, CreateFields, DropFields, Right, ViewFields};
use crate::access::{Access, ControlAccess, Routes};
use crate::db::ids::FieldId;
use crate::error::{AppError, Result};
use crate::tenant::fields::define::{Definition, FieldInput, input_of};
use crate::tenant::fields::kind::Choice;
use crate::tenant::fields::orders::{AddField, ChangeField, DropField};
use crate::tenant::fields::seen::Mode;
use crate::tenant::fields::{self, show};
use crate::web::problem::Fault;
use actix_web::web;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/t/{tenant}/fields", list);
    r.post("/api/v1/t/{tenant}/fields", create);
    r.get("/api/v1/t/{tenant}/fields/{id}", one);
    r.put("/api/v1/t/{tenant}/fields/{id}", change);
    r.delete("/api/v1/t/{tenant}/fields/{id}", remove);
    rights::routes(r);
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "fields";
    d.get(
        "/api/v1/t/{tenant}/fields",
        tag,
        "The fields that the caller may know of, in the order of pages",
    )
    .answers_items::<Field>();
    d.post("/api/v1/t/{tenant}/fields", tag, "Add a field")
        .takes::<NewField>()
        .makes::<Field>();
    d.get("/api/v1/t/{tenant}/fields/{id}", tag, "A field")
        .answers::<Field>();
    d.put("/api/v1/t/{tenant}/fields/{id}", tag, "Change a field")
        .more("The whole definition; what is left out takes its default. A type only ever widens.")
        .takes::<ChangedField>()
        .answers::<Field>();
    d.delete(
        "/api/v1/t/{tenant}/fields/{id}",
        tag,
        "Drop a field and the values in it",
    )
    .more("Refused while a fence or an import uses it.")
    .query::<Seen>()
    .answers_nothing();
    rights::describe(d);
}

/// A field.
#[derive(Debug, Serialize, ToSchema)]
struct Field {
    #[serde(flatten)]
    shown: show::Shown,
    /// Help for English readers.
    help: String,
    /// Help for German readers.
    help_de: String,
    /// Order on pages.
    position: i32,
    /// What it is to the caller: `mode`, narrowed by what his roles may see of it.
    your_mode: Mode,
    /// Counts changes.
    version: i32,
}

fn shown(field: &fields::Field) -> Result<Field> {
    Ok(Field {
        shown: show::shown(field)?,
        help: field.help_en.clone(),
        help_de: field.help_de.clone(),
        position: field.position,
        your_mode: field.mode(),
        version: field.version,
    })
}

async fn list(access: Access<ViewFields>) -> Answer {
    let found = listed(&access).await?;
    let found = found.iter().map(shown).collect::<Result<_>>()?;
    ok(&Items::<Field>::whole(found))
}

/// The fields that the caller may know of.
async fn listed(access: &Access<ViewFields>) -> Result<Vec<fields::Field>> {
    let defines = fields::defines(access.tenant());
    access
        .run(move |conn| {
            let viewer = conn.viewer().clone();
            let mut all = fields::every_for(conn.pg(), &viewer)?;
            all.retain(|field| defines || field.is_seen());
            Ok(all)
        })
        .await
}

async fn one(access: Access<ViewFields>, which: web::Path<Which>) -> Answer {
    let id = FieldId(which.id);
    let found = listed(&access).await?;
    let field = found.iter().find(|field| field.id == id);
    ok(&shown(field.ok_or(AppError::NotFound)?)?)
}

async fn now<R: Right>(access: &ControlAccess<R>, id: FieldId) -> Result<Field> {
    access
        .look(move |conn| {
            let viewer = conn.viewer().clone();
            let all = fields::every_for(conn.pg(), &viewer)?;
            let field = all.iter().find(|field| field.id == id);
            shown(field.ok_or(AppError::NotFound)?)
        })
        .await
}

/// The type of a field's values.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Type {
    Text,
    Integer,
    Decimal,
    Boolean,
    Date,
    DateTime,
    Choice,
    Email,
    Phone,
    Url,
}

impl Type {
    fn key(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Choice => "choice",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
        }
    }
}

/// Who may change a field on pages.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Manner {
    #[default]
    Editable,
    ReadOnly,
    Hidden,
}

impl Manner {
    fn key(self) -> &'static str {
        match self {
            Self::Editable => "editable",
            Self::ReadOnly => "read_only",
            Self::Hidden => "hidden",
        }
    }
}

/// An allowed value of a choice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewChoice {
    value: String,
    /// The value if left out.
    #[serde(default)]
    label_en: String,
    /// The value if left out.
    #[serde(default)]
    label_de: String,
}

fn yes() -> bool {
    true
}

macro_rules! definition {
    ($(#[$doc:meta])* $name:ident { $($more:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        struct $name {
            $($more)*
            /// Name in rules and files: a letter a to z, then letters, digits and `_`.
            key: String,
            r#type: Type,
            /// Label; the key if both labels are left out.
            #[serde(default)]
            label: String,
            /// Label for German readers.
            #[serde(default)]
            label_de: String,
            #[serde(default)]
            help: String,
            #[serde(default)]
            help_de: String,
            /// Heading under which pages show it.
            #[serde(default)]
            group: String,
            /// Order on pages; at the end if left out.
            position: Option<i32>,
            #[serde(default)]
            mode: Manner,
            /// A new recipient must have it.
            #[serde(default)]
            required: bool,
            /// No two recipients may share a value.
            #[serde(default)]
            unique: bool,
            /// The list can sort by it quickly.
            #[serde(default)]
            indexed: bool,
            /// Changes are kept in the history.
            #[serde(default = "yes")]
            historised: bool,
            /// What a new recipient gets.
            default: Option<String>,
            /// Text: most characters; 200 if left out.
            max: Option<u32>,
            /// Decimal: digits in all; 12 if left out.
            precision: Option<u8>,
            /// Decimal: digits after the point; 2 if left out.
            scale: Option<u8>,
            /// Choice: the allowed values.
            #[serde(default)]
            choices: Vec<NewChoice>,
        }

        impl $name {
            fn check(self) -> Result<Definition, Fault> {
                let choices = self.choices.into_iter().map(|choice| Choice {
                    value: choice.value,
                    label_en: choice.label_en,
                    label_de: choice.label_de,
                });
                Definition::check(FieldInput {
                    key: self.key,
                    kind: self.r#type.key().into(),
                    label_en: self.label,
                    label_de: self.label_de,
                    help_en: self.help,
                    help_de: self.help_de,
                    group: self.group,
                    position: self.position,
                    mode: self.mode.key().into(),
                    required: self.required,
                    unique: self.unique,
                    indexed: self.indexed,
                    historised: self.historised,
                    default: self.default.unwrap_or_default(),
                    max: self.max,
                    precision: self.precision,
                    scale: self.scale,
                    choices: choices.collect(),
                })
                .map_err(refused)
            }
        }
    };
}

definition! {
    /// A field to be added.
    NewField {}
}
definition! {
    /// What a field is to be from now on, whole.
    ChangedField {
        /// The `version` that was seen.
        version: i32,
    }
}

fn refused(error: AppError) -> Fault {
    Fault::of(error, |key| input_of(key).to_owned())
}

async fn create(access: ControlAccess<CreateFields>, body: Body<NewField>) -> Answer {
    let order = AddField {
        actor: actor(&access),
        tenant: access.tenant().id,
        field: body.0.check()?,
    };
    let id = access.provision(order).await.map_err(refused)?;
    let made = now(&access, id).await?;
    created(&url(access.tenant(), &format!("/fields/{id}")), &made)
}

async fn change(
    access: ControlAccess<ChangeFields>,
    which: web::Path<Which>,
    body: Body<ChangedField>,
) -> Answer {
    let id = FieldId(which.id);
    let version = body.0.version;
    let order = ChangeField {
        actor: actor(&access),
        tenant: access.tenant().id,
        id,
        version,
        change: body.0.check()?,
    };
    access.provision(order).await.map_err(refused)?;
    ok(&now(&access, id).await?)
}

async fn remove(
    access: ControlAccess<DropFields>,
    which: web::Path<Which>,
    seen: Params<Seen>,
) -> Answer {
    let order = DropField {
        actor: actor(&access),
        tenant: access.tenant().id,
        id: FieldId(which.id),
        version: seen.0.version,
    };
    access.provision(order).await.map_err(refused)?;
    nothing()
}
