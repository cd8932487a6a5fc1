//! The fields a rule may name, and the columns behind them.

use crate::db::ids::FieldId;
use crate::tenant::fields::kind::Kind;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The columns of the standard fields, the same in every tenant.
const STANDARD: [&str; 11] = [
    "email",
    "salutation",
    "gender",
    "title",
    "first_name",
    "last_name",
    "language",
    "format",
    "created_at",
    "changed_at",
    "source",
];

/// A column of the recipients' table. Only a standard one or `f<id>` can be made, so that it may
/// stand in SQL as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column(String);

impl Column {
    /// The column of a standard field, if there is one of this name.
    pub fn standard(name: &str) -> Option<Self> {
        STANDARD.contains(&name).then(|| Column(name.to_owned()))
    }

    /// The column of a field that the tenant defined.
    pub fn own(id: FieldId) -> Option<Self> {
        (id.0 > 0).then(|| Column(format!("f{id}")))
    }

    /// The name, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a rule needs to know of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRef {
    /// Stays when the key changes; stored rules name the field by it.
    pub id: FieldId,
    /// The name that people write: `[A-Za-z_][A-Za-z0-9_]*`.
    pub key: String,
    /// Where the value is.
    pub column: Column,
    /// Decides which operators and values fit.
    pub kind: Kind,
}

/// The fields of one tenant, as they are now.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    fields: Vec<Arc<FieldRef>>,
    by_id: BTreeMap<FieldId, usize>,
    by_key: BTreeMap<String, usize>,
    /// Keys of fields whose values the author sees masked.
    masked: Vec<String>,
}

impl Catalog {
    /// Expects ids and keys to be unique, as the database keeps them.
    pub fn new(fields: impl IntoIterator<Item = FieldRef>) -> Self {
        let mut catalog = Catalog::default();
        for field in fields {
            let place = catalog.fields.len();
            catalog.by_id.insert(field.id, place);
            catalog.by_key.insert(field.key.clone(), place);
            catalog.fields.push(Arc::new(field));
        }
        catalog
    }

    /// The same, with fields that its author sees, but may not ask by.
    #[must_use]
    pub fn with_masked(mut self, keys: impl IntoIterator<Item = String>) -> Self {
        self.masked = keys.into_iter().collect();
        self
    }

    /// Whether this is the key of a field that may not be asked by.
    pub(super) fn is_masked(&self, key: &str) -> bool {
        self.masked
            .iter()
            .any(|known| known.eq_ignore_ascii_case(key))
    }

    /// The field with this id.
    pub fn by_id(&self, id: FieldId) -> Option<&Arc<FieldRef>> {
        self.by_id.get(&id).map(|place| &self.fields[*place])
    }

    /// The field with this key; if none is spelled so, the only one that differs in case alone.
    pub fn by_key(&self, key: &str) -> Option<&Arc<FieldRef>> {
        if let Some(place) = self.by_key.get(key) {
            return Some(&self.fields[*place]);
        }
        let mut similar = self
            .fields
            .iter()
            .filter(|field| field.key.eq_ignore_ascii_case(key));
        similar.next().filter(|_| similar.next().is_none())
    }

    /// The key that somebody may have meant who wrote `key`.
    pub(super) fn nearest_key(&self, key: &str) -> Option<String> {
        nearest(key, self.fields.iter().map(|field| field.key.as_str()))
    }
}

/// The candidate that differs least from `word`, if it differs by at most a third of its letters.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let wanted: Vec<char> = word.to_lowercase().chars().collect();
    let most = (wanted.len() / 3).max(1);
    candidates
        .filter(|candidate| candidate.chars().count().abs_diff(wanted.len()) <= most)
        .map(|candidate| (edits(&wanted, candidate), candidate))
        .filter(|(edits, _)| *edits <= most)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn edits(wanted: &[char], candidate: &str) -> usize {
    let other: Vec<char> = candidate.to_lowercase().chars().collect();
    let mut before = vec![0; other.len() + 1];
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for i in 1..=wanted.len() {
        let mut row = vec![i; other.len() + 1];
        for j in 1..=other.len() {
            let differs = usize::from(wanted[i - 1] != other[j - 1]);
            row[j] = (above[j - 1] + differs)
                .min(above[j] + 1)
                .min(row[j - 1] + 1);
            let swapped =
                i > 1 && j > 1 && wanted[i - 1] == other[j - 2] && wanted[i - 2] == other[j - 1];
            if swapped {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[other.len()]
}
