//! What somebody sees of a field and may do with it: what the field says for all, narrowed by what it says for
//! his roles. Rights by role only ever narrow, and of several roles the most permissive counts.
//!
//! A value that is masked is masked by the database, so that it never gets into the program: whatever reads
//! values for people asks for `Shown`, which only `Field::shown` makes.

use super::Field;
use super::kind::Kind;
use crate::db::viewer::Viewer;
use crate::error::Result;
use crate::tenant::target_groups::rules::Column;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How much of a field, from nothing to all.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = FieldMode)]
pub enum Mode {
    /// It is as if there were none.
    Hidden,
    /// That there is a value, not which.
    Masked,
    /// The value, not to be changed.
    ReadOnly,
    /// The value, to be changed.
    Editable,
}

impl Mode {
    /// All, from the most to the least.
    pub const ALL: [Self; 4] = [Self::Editable, Self::ReadOnly, Self::Masked, Self::Hidden];

    /// As the database and forms spell it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Masked => "masked",
            Self::ReadOnly => "read_only",
            Self::Editable => "editable",
        }
    }

    /// The mode of a key.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.key() == key)
    }
}

/// What a field says for roles; a role that is missing gets what the field says for all.
pub type ByRole = BTreeMap<i32, Mode>;

/// What a person gets by his roles alone, before the field itself is asked. Each set of roles must allow it,
/// and of a set the most permissive role counts. Who holds no role, but single rights, gets the least that the
/// field gives any role: else to have fewer roles would be to see more.
pub fn by_roles(sets: &[Vec<i32>], said: &ByRole) -> Mode {
    let of_role = |role: &i32| said.get(role).copied().unwrap_or(Mode::Editable);
    let of_set = |set: &Vec<i32>| match set.as_slice() {
        [] => said.values().copied().min(),
        roles => roles.iter().map(of_role).max(),
    };
    let all = sets.iter().map(|set| of_set(set).unwrap_or(Mode::Editable));
    all.min().unwrap_or(Mode::Editable)
}

/// What a field is to whoever loaded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it says for all.
    own: Mode,
    /// What roles say.
    by_roles: Mode,
    /// Whether one asks who may ask by what is hidden from all.
    defines: bool,
}

impl From<String> for Access {
    /// The field as it is defined, which is what the operator gets. A mode that is none hides.
    fn from(own: String) -> Self {
        Self {
            own: Mode::of(&own).unwrap_or(Mode::Hidden),
            by_roles: Mode::Editable,
            defines: true,
        }
    }
}

impl Access {
    /// The same for somebody else.
    pub(super) fn of(self, viewer: &Viewer, said: &ByRole) -> Self {
        let (by_roles, defines) = match viewer {
            Viewer::Operator => (Mode::Editable, true),
            Viewer::Person(roles) => (by_roles(&roles.sets, said), roles.defines),
            Viewer::Nobody => (Mode::Hidden, false),
        };
        Self {
            by_roles,
            defines,
            ..self
        }
    }
}

/// How a value is made unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mask {
    /// Nothing of it: of a number, a day or a choice even a part would tell.
    Whole,
    /// But for its first character, if there are enough.
    First,
    /// As an address.
    Email,
}

/// What stands instead of a value.
pub const DOTS: &str = "•••";
/// From how many characters on the first is shown.
const ENOUGH: usize = 4;

impl Mask {
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Email => Self::Email,
            Kind::Text { .. } | Kind::Phone | Kind::Url => Self::First,
            _ => Self::Whole,
        }
    }

    /// Behind the first character, or instead of everything.
    fn end(self) -> &'static str {
        match self {
            Self::Whole | Self::First => DOTS,
            Self::Email => "•••@•••",
        }
    }

    /// A value that comes from elsewhere than the recipients' table: from the history.
    fn over(self, value: &str) -> String {
        let enough = self != Self::Whole && value.chars().count() >= ENOUGH;
        let first = value.chars().next().filter(|_| enough);
        let first = first.map(String::from).unwrap_or_default();
        format!("{first}{}", self.end())
    }
}

/// A column as its reader may see it: the only thing that values are read through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    column: Column,
    mask: Option<Mask>,
}

impl Shown {
    /// As the select list of a query over `recipients r` has it: text, or empty. Made of the column's name
    /// and of fixed words.
    pub(crate) fn sql(&self) -> String {
        let column = &self.column;
        match self.mask {
            None => format!("r.{column}::text"),
            Some(mask @ Mask::Whole) => {
                format!("CASE WHEN r.{column} IS NOT NULL THEN '{}' END", mask.end())
            }
            Some(mask) => format!(
                "CASE WHEN char_length(r.{column}) >= {ENOUGH} THEN left(r.{column}, 1) || '{end}' \
                 WHEN r.{column} IS NOT NULL THEN '{end}' END",
                end = mask.end()
            ),
        }
    }
}

impl Field {
    /// What it is to whoever loaded it.
    pub fn mode(&self) -> Mode {
        self.access.own.min(self.access.by_roles)
    }

    /// What it says for all.
    pub fn own_mode(&self) -> Mode {
        self.access.own
    }

    /// Whether he may write it.
    pub fn is_editable(&self) -> bool {
        self.mode() == Mode::Editable
    }

    /// Whether he may see that there is such a field.
    pub fn is_seen(&self) -> bool {
        self.mode() > Mode::Hidden
    }

    /// Whether he sees a mask instead of values.
    pub fn is_masked(&self) -> bool {
        self.mode() == Mode::Masked
    }

    /// Whether he may ask by it in rules, searches and orders, whose answers tell bit by bit what stands in
    /// it. What is hidden from all only who defines fields.
    pub fn is_askable(&self) -> bool {
        let Access {
            own,
            by_roles,
            defines,
        } = self.access;
        by_roles >= Mode::ReadOnly && (own >= Mode::ReadOnly || defines)
    }

    /// Whether he may import into it. What the field itself keeps from being changed by hand is what imports
    /// are for; what his roles keep from him is not.
    pub fn is_importable(&self) -> bool {
        self.access.by_roles == Mode::Editable && self.is_askable()
    }

    /// Its column as he may see it.
    ///
    /// # Errors
    /// When the row was damaged.
    pub fn shown(&self) -> Result<Shown> {
        let mask = match self.mode() {
            Mode::Masked => Some(Mask::of(&self.kind()?)),
            // No page shows it; should one forget, it shows nothing.
            Mode::Hidden if !self.is_askable() => Some(Mask::Whole),
            _ => None,
        };
        Ok(Shown {
            column: self.column()?,
            mask,
        })
    }

    /// The type of what he sees: a mask is text, whatever it stands for.
    ///
    /// # Errors
    /// When the row was damaged.
    pub fn shown_kind(&self) -> Result<Kind> {
        if self.is_masked() {
            return Ok(Kind::Text { max: 200 });
        }
        self.kind()
    }

    /// A value that was read elsewhere, as he may see it.
    ///
    /// # Errors
    /// When the row was damaged.
    pub fn seen(&self, value: Option<&str>) -> Result<Option<String>> {
        let mask = if self.is_masked() {
            Some(Mask::of(&self.kind()?))
        } else {
            None
        };
        Ok(value.map(|value| match mask {
            Some(mask) => mask.over(value),
            None => value.to_owned(),
        }))
    }
}

#[cfg(test)]
#[path = "seen_tests.rs"]
mod tests;
