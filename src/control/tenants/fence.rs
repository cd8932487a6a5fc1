//! Fences: what narrows an inner tenant. Kept by ids, so that renaming a list or a field changes nothing;
//! shown by names; turned into SQL only from a checked rule.

use crate::db::Viewer;
use crate::db::ids::{FieldId, ListId};
use crate::db::inner::FenceSql;
use crate::db::schema::tenant::lists;
use crate::error::{AppError, Result};
use crate::tenant::fields;
use crate::tenant::target_groups::rules::{self, Catalog, CheckedRule, RuleError};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A fence as it is stored: lists, a rule, or both (then both must hold).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// Subscribed to one of these; empty for a fence by rule only.
    pub lists: Vec<ListId>,
    /// A checked rule by field ids.
    pub rule: Option<serde_json::Value>,
}

/// A fence as somebody entered it.
#[derive(Clone, Debug)]
pub struct WantedFence {
    /// Who entered it: a rule of his asks only by what he may ask by.
    pub by: Viewer,
    /// Lists by id.
    pub lists: Vec<ListId>,
    /// Lists by name (or id), as the command line gives them.
    pub list_names: Vec<String>,
    /// A rule as text; blank for none.
    pub rule: String,
}

impl WantedFence {
    /// One without any condition, for somebody to fill.
    pub fn by(by: Viewer) -> Self {
        Self {
            by,
            lists: Vec::new(),
            list_names: Vec::new(),
            rule: String::new(),
        }
    }
}

impl Fence {
    /// Reads the stored form.
    ///
    /// # Errors
    /// When the row was damaged.
    pub fn from_stored(stored: &serde_json::Value) -> Result<Self> {
        serde_json::from_value(stored.clone())
            .map_err(|error| AppError::internal(format!("fence: {error:?}")))
    }

    /// The stored form.
    pub fn to_stored(&self) -> serde_json::Value {
        serde_json::json!(self)
    }

    /// Checks what was entered against the tenant's lists and fields. `conn` reads the parent's schema.
    ///
    /// # Errors
    /// `Invalid`: no condition at all, an unknown list, a faulty rule (with the rule's message).
    pub fn check(conn: &mut PgConnection, wanted: &WantedFence) -> Result<Self> {
        let lists = known_lists(conn, wanted)?;
        let catalog = fields::catalog(&fields::seen_by(conn, &wanted.by)?)?;
        let rule = match wanted.rule.trim() {
            "" => None,
            text => Some(read_rule(text, &catalog)?.to_stored()),
        };
        if lists.is_empty() && rule.is_none() {
            return Err(AppError::invalid("fence-empty"));
        }
        Ok(Self { lists, rule })
    }

    /// The rule, checked again against the fields as they are now.
    ///
    /// # Errors
    /// When a field is gone or has another type: the caller closes the fence.
    pub fn checked_rule(&self, catalog: &Catalog) -> Result<Option<CheckedRule>> {
        self.rule
            .as_ref()
            .map(|stored| {
                CheckedRule::from_stored(stored, catalog)
                    .map_err(|error| AppError::internal(format!("fence: {error:?}")))
            })
            .transpose()
    }

    /// Why its rule no longer fits the fields; empty if it does.
    pub fn rule_faults(&self, catalog: &Catalog) -> Vec<RuleError> {
        self.rule
            .as_ref()
            .and_then(|stored| CheckedRule::from_stored(stored, catalog).err())
            .unwrap_or_default()
    }

    /// The fence as SQL. A rule that no longer fits the fields closes the fence; it never opens it.
    pub fn to_sql(&self, catalog: &Catalog, moves_allowed: bool) -> FenceSql {
        let rule = match self.checked_rule(catalog) {
            Ok(rule) => rule.map(|rule| rule.to_sql("r").to_string()),
            Err(error) => {
                tracing::error!(%error, "an inner tenant's fence is closed");
                Some("false".into())
            }
        };
        FenceSql {
            lists: self.lists.clone(),
            rule,
            moves_allowed,
        }
    }

    /// The fields that the rule names.
    pub fn fields(&self, catalog: &Catalog) -> BTreeSet<FieldId> {
        self.checked_rule(catalog)
            .ok()
            .flatten()
            .map(|rule| rule.fields())
            .unwrap_or_default()
    }
}

/// Parses and checks a rule that somebody typed.
///
/// # Errors
/// `Rule` with its faults.
pub fn read_rule(text: &str, catalog: &Catalog) -> Result<CheckedRule> {
    rules::read(text, catalog)
        .map_err(|faults| AppError::Rule(faults.iter().map(RuleError::told).collect()))
}

fn known_lists(conn: &mut PgConnection, wanted: &WantedFence) -> Result<Vec<ListId>> {
    let all: Vec<(ListId, String)> = lists::table.select((lists::id, lists::name)).load(conn)?;
    let mut found = BTreeSet::new();
    for id in &wanted.lists {
        if !all.iter().any(|(known, _)| known == id) {
            return Err(AppError::Invalid {
                key: "list-unknown",
                params: vec![("list", id.to_string())],
            });
        }
        found.insert(*id);
    }
    for name in &wanted.list_names {
        let hit = all.iter().find(|(_, known)| known == name).or_else(|| {
            let id = name.parse().ok()?;
            all.iter().find(|(known, _)| *known == id)
        });
        let (id, _) = hit.ok_or_else(|| AppError::Invalid {
            key: "list-unknown",
            params: vec![("list", name.clone())],
        })?;
        found.insert(*id);
    }
    Ok(found.into_iter().collect())
}
