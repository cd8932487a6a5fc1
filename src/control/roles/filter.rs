//! Which rights and which holders a matrix shows.

use super::words::group_label;
use crate::access::rights::{self, RightInfo};
use crate::web::Frame;
use serde::{Deserialize, Serialize};

/// Holders shown at once, if not chosen otherwise.
pub const MOST_COLUMNS: usize = 30;

/// What the URL of a matrix says.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Filter {
    /// Part of a right's name or key.
    pub q: String,
    /// A group's key, or blank.
    pub group: String,
    /// `personal`, `differs` or blank.
    pub only: String,
    /// Ids of the holders chosen; none for the first ones.
    pub column: Vec<i32>,
}

impl Filter {
    /// The holders to show, by their ids.
    pub fn columns<'a, T>(&self, all: &'a [T], id: impl Fn(&T) -> i32) -> Vec<&'a T> {
        let chosen = |one: &&T| self.column.is_empty() || self.column.contains(&id(one));
        all.iter().filter(chosen).take(MOST_COLUMNS).collect()
    }

    /// The rights to show; `holding` counts how many of the holders shown hold one.
    pub fn rights(
        &self,
        language: &str,
        columns: usize,
        holding: impl Fn(&RightInfo) -> usize,
    ) -> Vec<&'static RightInfo> {
        let wanted = self.q.trim().to_lowercase();
        let fits = |right: &&&'static RightInfo| {
            let text = format!("{} {}", right.label(language), right.key).to_lowercase();
            text.contains(&wanted)
                && (self.group.is_empty() || right.group() == self.group)
                && match self.only.as_str() {
                    "personal" => right.personal,
                    "differs" => (1..columns).contains(&holding(right)),
                    _ => true,
                }
        };
        rights::ALL.iter().filter(fits).copied().collect()
    }

    /// The groups to choose from.
    pub fn groups(p: &Frame) -> Vec<(String, String)> {
        let groups = rights::groups().into_iter();
        groups
            .map(|group| (group.to_owned(), group_label(p, group)))
            .collect()
    }

    /// The URL that shows the same.
    pub fn url(&self, page: &str) -> String {
        let query = serde_html_form::to_string(self).unwrap_or_default();
        format!("{page}?{query}")
    }
}
