//! What pages share that show rights against their holders, roles or tenants: which are shown, building the
//! matrix, reading what it sends, and the looks at a change before it counts.

use super::words::{choice, group_label, names};
use crate::access::rights::{self, RightInfo};
use crate::error::{AppError, Result};
use crate::web::matrix::{Change, Matrix, MatrixCell, MatrixGroup, MatrixRow};
use crate::web::{FormView, Frame, Input, InputKind};
use actix_web::HttpResponse;
use askama::Template;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use validator::Validate;

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
    /// As a query says it.
    ///
    /// # Errors
    /// `Invalid` where it cannot be read.
    pub fn read(query: &str) -> Result<Self> {
        serde_html_form::from_str(query).map_err(|_| AppError::invalid("form-unreadable"))
    }

    /// Shows the holders that changes are about.
    pub fn of(changes: &[Change]) -> Self {
        Self {
            column: changes.iter().map(|change| change.column).collect(),
            ..Self::default()
        }
    }

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
    fn url(&self, page: &str) -> String {
        let query = serde_html_form::to_string(self).unwrap_or_default();
        format!("{page}?{query}")
    }
}

/// The rows of a matrix, in their groups; `cells` answers those of a right.
pub fn rows(
    p: &Frame,
    rights: &[&'static RightInfo],
    cells: impl Fn(&RightInfo) -> Vec<MatrixCell>,
) -> Vec<MatrixGroup> {
    let of_group = |of: &[&'static RightInfo]| {
        let first = of.first().map(|right| right.group()).unwrap_or_default();
        MatrixGroup {
            key: first.to_owned(),
            label: group_label(p, first),
            rows: of.iter().map(|right| row(p, right, cells(right))).collect(),
        }
    };
    rights
        .chunk_by(|one, next| one.group() == next.group())
        .map(of_group)
        .collect()
}

fn row(p: &Frame, right: &RightInfo, cells: Vec<MatrixCell>) -> MatrixRow {
    let choice = choice(p, right);
    let personal = right.personal.then(|| p.t("rights-personal"));
    MatrixRow {
        label: choice.label,
        help: choice.help,
        notes: personal.into_iter().collect(),
        cells,
        ..MatrixRow::default()
    }
}

/// What a matrix sends: the cells that are chosen, which rows and columns were shown, and the columns'
/// versions.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub struct MatrixForm {
    cell: Vec<String>,
    q: String,
    group: String,
    only: String,
    column: Vec<i32>,
    /// `column:version` of those that could be changed.
    version: Vec<String>,
}

impl MatrixForm {
    /// Which rows and columns were shown.
    pub fn filter(&self) -> Filter {
        Filter {
            q: self.q.clone(),
            group: self.group.clone(),
            only: self.only.clone(),
            column: self.column.clone(),
        }
    }

    /// The cells that are chosen.
    pub fn chosen(&self) -> BTreeSet<String> {
        self.cell.iter().cloned().collect()
    }

    /// What differs from the matrix as it is now, with the versions that were seen, not those of now.
    pub fn changes(&self, mut now: Matrix) -> Vec<Change> {
        let seen: BTreeMap<&str, i32> = self
            .version
            .iter()
            .filter_map(|text| text.split_once(':'))
            .filter_map(|(id, version)| Some((id, version.parse().ok()?)))
            .collect();
        for column in &mut now.columns {
            if let Some(version) = seen.get(column.key.as_str()) {
                column.version = *version;
            }
        }
        now.changes(&self.chosen())
    }
}

/// What the look at a matrix's changes sends.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub struct Changes {
    change: Vec<String>,
}

impl Changes {
    /// The changes, those of each column together.
    ///
    /// # Errors
    /// `Invalid` where one cannot be read.
    pub fn read(&self) -> Result<Vec<Change>> {
        let changes: Option<Vec<Change>> =
            self.change.iter().map(|text| Change::parse(text)).collect();
        let mut changes = changes.ok_or(AppError::invalid("form-unreadable"))?;
        changes.sort();
        Ok(changes)
    }
}

/// Applies a column's changes to what it holds.
pub fn apply(changes: &[Change], held: &mut BTreeSet<String>) {
    for change in changes {
        if change.gives {
            held.insert(change.thing.clone());
        } else {
            held.remove(&change.thing);
        }
    }
}

/// The page of a matrix.
#[derive(Debug, Template)]
#[template(path = "control/roles/matrix.html")]
pub struct MatrixPage {
    /// The frame.
    pub p: Frame,
    /// A paragraph above.
    pub intro: String,
    /// What is shown.
    pub shown: Filter,
    /// The holders to choose from: id and name.
    pub columns: Vec<(i32, String)>,
    /// The matrix.
    pub matrix: Matrix,
    /// Where its form is sent.
    pub action: String,
    /// What was wrong with the last try; empty for nothing.
    pub error: String,
}

impl MatrixPage {
    fn groups(&self) -> Vec<(String, String)> {
        Filter::groups(&self.p)
    }

    fn editable(&self) -> bool {
        self.matrix.columns.iter().any(|column| column.editable)
    }

    /// The page as it stands.
    ///
    /// # Errors
    /// When the template fails.
    pub fn answer(self) -> Result<HttpResponse> {
        self.p.clone().render(|_| self)
    }

    /// The page once more, with what was chosen and why it could not be.
    ///
    /// # Errors
    /// The error, where it is none that a page shows.
    pub fn refuse(mut self, error: AppError, chosen: &BTreeSet<String>) -> Result<HttpResponse> {
        self.error = match error {
            AppError::Conflict => self.p.t("roles-changed-meanwhile"),
            AppError::Invalid { key, params } => self.p.t.with_all(key, &params),
            other => return Err(other),
        };
        self.matrix.choose(chosen);
        self.p.clone().render_again(|_| self)
    }
}

/// A look at what would change, holder by holder, and the form that does it.
#[derive(Debug, Template)]
#[template(path = "control/roles/look.html")]
pub struct Look {
    /// The frame.
    pub p: Frame,
    /// How many it concerns.
    pub concerns: String,
    /// For each holder, its name (blank where there is one alone) and the names of rights that come and go.
    pub holders: Vec<(String, Vec<String>, Vec<String>)>,
    /// What does it.
    pub form: FormView,
}

impl Look {
    /// At the changes of a matrix with these holders, which is found at `page`.
    pub fn at_changes(
        p: &Frame,
        concerns: String,
        holders: &[(i32, String)],
        changes: &[Change],
        (page, shown): (&str, &Filter),
    ) -> Self {
        let in_words = |key: &str| {
            let right = rights::by_key(key);
            right.map_or_else(
                || key.to_owned(),
                |right| right.label(p.t.language()).to_owned(),
            )
        };
        let back = shown.url(page);
        Self::at_things(
            p.clone(),
            concerns,
            holders,
            changes,
            (page, back),
            in_words,
        )
    }

    /// At the changes of a matrix whose things `in_words` names; `back` is where it was filled in.
    pub fn at_things(
        p: Frame,
        concerns: String,
        holders: &[(i32, String)],
        changes: &[Change],
        (page, back): (&str, String),
        in_words: impl Fn(&str) -> String,
    ) -> Self {
        let of = |id: i32, gives: bool| {
            let found = changes
                .iter()
                .filter(|change| change.column == id && change.gives == gives);
            found.map(|change| in_words(&change.thing)).collect()
        };
        let changed = holders
            .iter()
            .filter(|(id, _)| changes.iter().any(|change| change.column == *id));
        let hidden = changes
            .iter()
            .map(|change| Input::new(InputKind::Hidden, "change", "").value(change.to_string()));
        Self {
            concerns,
            holders: changed
                .map(|(id, name)| (name.clone(), of(*id, true), of(*id, false)))
                .collect(),
            form: FormView::new(page, p.t("roles-save"))
                .inputs(hidden)
                .cancel(back),
            p,
        }
    }

    /// At one holder's change.
    pub fn at(
        p: Frame,
        concerns: String,
        (before, after): (&BTreeSet<String>, &BTreeSet<String>),
        form: FormView,
    ) -> Self {
        Self {
            concerns,
            holders: vec![difference(&p, String::new(), before, after)],
            form,
            p,
        }
    }

    /// The page.
    ///
    /// # Errors
    /// When the template fails.
    pub fn answer(self) -> Result<HttpResponse> {
        self.p.clone().render(|_| self)
    }
}

/// A holder's name, and the names of rights that come and go.
pub fn difference(
    p: &Frame,
    name: String,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
) -> (String, Vec<String>, Vec<String>) {
    let without = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect();
    let (coming, going) = (without(after, before), without(before, after));
    (name, names(p, &coming), names(p, &going))
}
