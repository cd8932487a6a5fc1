//! The state of the recipient list, which its URL carries: search, rule, list, order, page. Pages, counts,
//! exports and bulk acts read the same state, so that "all that match" means the same everywhere.

use super::query::{Filter, Search, Sort};
use crate::db::ids::ListId;
use crate::error::{AppError, Result};
use crate::tenant::fields::{self, Field};
use crate::tenant::target_groups::rules::{self, CheckedRule, RuleError};
use serde::{Deserialize, Serialize};

/// The statuses of a subscription.
pub const STATUSES: [&str; 6] = [
    "active",
    "waiting",
    "unsubscribed_user",
    "unsubscribed_admin",
    "bounced",
    "blocked",
];

/// What the URL says; everything may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Words of address or name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// A rule as text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// The id of a list.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub list: String,
    /// A subscription's status on it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// The key of the field to sort by.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sort: String,
    /// `asc` or `desc`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dir: String,
    /// Where the page begins.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
}

/// A rule in the URL that does not hold.
pub type Faults = Vec<RuleError>;

impl State {
    /// Whether anything narrows the list.
    pub fn narrows(&self) -> bool {
        !self.q.trim().is_empty() || !self.rule.trim().is_empty() || !self.list.is_empty()
    }

    /// The query string, without `?`.
    pub fn query(&self) -> String {
        serde_html_form::to_string(self).unwrap_or_default()
    }

    /// The state that another rule, search or list makes: its first page.
    #[must_use]
    pub fn first_page(&self) -> Self {
        Self {
            after: String::new(),
            ..self.clone()
        }
    }

    /// Only what narrows: what counts, exports and bulk acts go by.
    #[must_use]
    pub fn narrowing(&self) -> Self {
        Self {
            sort: String::new(),
            dir: String::new(),
            after: String::new(),
            ..self.clone()
        }
    }

    /// The rule, checked; none where there is none.
    ///
    /// # Errors
    /// When a field's row was damaged. What is wrong with the rule itself is the inner error.
    pub fn checked_rule(&self, all: &[Field]) -> Result<Result<Option<CheckedRule>, Faults>> {
        if self.rule.trim().is_empty() {
            return Ok(Ok(None));
        }
        let catalog = fields::catalog(all)?;
        Ok(rules::read(&self.rule, &catalog).map(Some))
    }

    /// The filter with a rule that was checked, for somebody who has these fields.
    ///
    /// # Errors
    /// `NotFound` for a list or status that is none.
    pub fn filter(&self, rule: Option<CheckedRule>, all: &[Field]) -> Result<Filter> {
        let list = match self.list.as_str() {
            "" => None,
            id => {
                let id: ListId = id.parse().map_err(|_| AppError::NotFound)?;
                let status = match self.status.as_str() {
                    "" => None,
                    known if STATUSES.contains(&known) => Some(known.to_owned()),
                    _ => return Err(AppError::NotFound),
                };
                Some((id, status))
            }
        };
        Ok(Filter {
            rule,
            search: Search::by(&self.q, all),
            list,
        })
    }

    /// The filter, for those who show no form to correct the rule in.
    ///
    /// # Errors
    /// `Rule` with its faults, `NotFound` for a list or status that is none.
    pub fn strict_filter(&self, all: &[Field]) -> Result<Filter> {
        let rule = self
            .checked_rule(all)?
            .map_err(|faults| AppError::Rule(faults.iter().map(RuleError::told).collect()))?;
        self.filter(rule, all)
    }

    /// The order; that of creation, newest first, where the field cannot be sorted by.
    ///
    /// # Errors
    /// When a field's row was damaged.
    pub fn order(&self, all: &[Field]) -> Result<Sort> {
        let field = all
            .iter()
            .find(|field| field.key == self.sort && sortable(field));
        match field {
            Some(field) if !is_creation(field) => Ok(Sort {
                by: Some((field.column()?, field.kind()?)),
                descending: self.dir == "desc",
            }),
            Some(_) => Ok(Sort {
                by: None,
                descending: self.dir == "desc",
            }),
            None => Ok(Sort::default()),
        }
    }

    /// Adds a condition to the rule, both being text.
    #[must_use]
    pub fn with_condition(&self, condition: &str) -> Self {
        let rule = match self.rule.trim() {
            "" => condition.to_owned(),
            rule => format!("({rule}) and {condition}"),
        };
        Self {
            rule,
            ..self.first_page()
        }
    }

    /// For each condition of the rule: its text, and the state without it.
    pub fn chips(&self, rule: &CheckedRule) -> Vec<(String, Self)> {
        let parts: Vec<String> = rule.conditions().iter().map(CheckedRule::show).collect();
        (0..parts.len())
            .map(|gone| {
                let rest: Vec<String> = parts
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| *index != gone)
                    .map(|(_, part)| in_brackets(part))
                    .collect();
                let without = Self {
                    rule: rest.join(" and "),
                    ..self.first_page()
                };
                (parts[gone].clone(), without)
            })
            .collect()
    }
}

/// An `or` must not fall apart beside an `and`; brackets too many change nothing.
fn in_brackets(part: &str) -> String {
    if part.contains(" or ") {
        format!("({part})")
    } else {
        part.to_owned()
    }
}

/// Whether the list sorts by a field: only where an index does the work. The time of creation is the
/// order of ids.
pub fn sortable(field: &Field) -> bool {
    let quick = (field.indexed && field.pending.is_none()) || is_creation(field);
    // Where a value stands among others tells what it is.
    quick && field.is_askable()
}

fn is_creation(field: &Field) -> bool {
    field.standard_column.as_deref() == Some("created_at")
}

/// A condition as the rule language spells it, for the fields of a small form; the value is in canonical text.
pub fn condition(field: &Field, operator: &str, value: &str) -> Result<String> {
    use crate::tenant::fields::kind::Kind;
    let value = value.trim();
    let key = &field.key;
    Ok(match (operator, field.kind()?) {
        ("is empty" | "is not empty", _) => format!("[{key}] {operator}"),
        (_, Kind::Integer | Kind::Decimal { .. }) => format!("[{key}] {operator} {value}"),
        (_, Kind::Boolean) => {
            format!(
                "[{key}] {operator} {}",
                if value == "true" { "yes" } else { "no" }
            )
        }
        _ => format!("[{key}] {operator} '{}'", value.replace('\'', "''")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ids::FieldId;
    use crate::tenant::fields::kind::Kind;
    use crate::tenant::target_groups::rules::{Catalog, Column, FieldRef};

    fn rule(text: &str) -> CheckedRule {
        let field = |id: i32, key: &str, kind| FieldRef {
            id: FieldId(id),
            key: key.into(),
            column: Column::own(FieldId(id)).unwrap(),
            kind,
        };
        let catalog = Catalog::new([
            field(101, "city", Kind::Text { max: 50 }),
            field(102, "age", Kind::Integer),
        ]);
        rules::read(text, &catalog).unwrap()
    }

    #[test]
    fn a_condition_taken_off_leaves_the_others_as_they_were() {
        let state = State {
            rule: "city = 'Bonn' and (age > 3 or age < 1) and age != 7".into(),
            after: "x".into(),
            ..State::default()
        };
        let chips = state.chips(&rule(&state.rule));
        let texts: Vec<_> = chips.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["city = 'Bonn'", "age > 3 or age < 1", "age != 7"]);
        let rest = |index: usize| rule(&chips[index].1.rule).show();
        assert_eq!(rest(0), "(age > 3 or age < 1) and age != 7");
        assert_eq!(rest(1), "city = 'Bonn' and age != 7");
        assert!(chips[0].1.after.is_empty());
    }

    #[test]
    fn a_condition_added_narrows() {
        let state = State {
            rule: "age > 3 or age < 1".into(),
            ..State::default()
        };
        let more = state.with_condition("[city] = 'O''Fallon'");
        assert_eq!(
            rule(&more.rule).show(),
            "(age > 3 or age < 1) and city = 'O''Fallon'"
        );
    }

    #[test]
    fn the_url_carries_the_state() {
        let state = State {
            q: "anna b&c".into(),
            rule: "city = 'Köln'".into(),
            ..State::default()
        };
        let read: State = serde_html_form::from_str(&state.query()).unwrap();
        assert_eq!(read, state);
    }
}
