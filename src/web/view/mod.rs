//! Building blocks of pages: forms and tables that a slice describes and the components render.

mod input;

pub use input::{ByPasskey, Choice, FormView, Input, InputKind};

use super::form::Errors;
use crate::error::Result;
use actix_web::HttpResponse;

/// A cell of a table.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Text.
    Text(String),
    /// Text that leads somewhere.
    Link {
        /// Where.
        href: String,
        /// What it says.
        text: String,
    },
    /// A state: `success`, `warning`, `danger`, `secondary`, and its word.
    Badge(&'static str, String),
    /// A number, set to the right.
    Number(String),
    /// The same, leading to what it counts.
    LinkedNumber {
        /// Where.
        href: String,
        /// What it says.
        text: String,
    },
    /// A moment, kept in one line.
    Moment(String),
    /// Links to acts: label and URL.
    Acts(Vec<(String, String)>),
    /// A colour (six digits) and a name.
    Swatch(String, String),
    /// The same, leading somewhere.
    LinkedSwatch {
        /// Six digits.
        colour: String,
        /// Where.
        href: String,
        /// What it says.
        text: String,
        /// How deep it lies in a tree.
        depth: usize,
    },
    /// A heading over the rows that follow, alone in its row.
    Group(String),
}

/// A heading of a table's column.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// What it says.
    pub label: String,
    /// Where it leads to sort by it; empty where it cannot.
    pub sort: String,
    /// `ascending`, `descending` or empty.
    pub sorted: &'static str,
    /// Set to the right.
    pub number: bool,
}

impl Column {
    /// A plain heading.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            ..Self::default()
        }
    }
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it shows; read to those who do not see it.
    pub caption: String,
    /// Its headings.
    pub columns: Vec<Column>,
    /// Its rows; the first value is that of the row's checkbox, if the table has such; blank for a row without.
    pub rows: Vec<(String, Vec<Cell>)>,
    /// Name of the checkboxes; empty for none.
    pub choose: &'static str,
    /// Where the first page is, if this is not it.
    pub first: String,
    /// Where the next page is, if there is one.
    pub next: String,
}

impl Table {
    /// A table with headings.
    pub fn new(caption: impl Into<String>, columns: impl IntoIterator<Item = String>) -> Self {
        Self {
            caption: caption.into(),
            columns: columns.into_iter().map(Column::new).collect(),
            ..Self::default()
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push((String::new(), cells));
    }
}

/// What stands where a list would, if it is empty.
#[derive(Clone, Debug)]
pub struct Empty {
    /// One sentence.
    pub text: String,
    /// One act: label and URL.
    pub act: Option<(String, String)>,
}

/// A page that is one form inside a tenant's frame.
#[derive(Debug, askama::Template)]
#[template(path = "pages/form.html")]
pub struct FormPage {
    /// The frame.
    pub p: crate::web::page::Frame,
    /// A paragraph above the form; empty for none.
    pub intro: String,
    /// The form.
    pub form: FormView,
}

impl FormPage {
    /// The page: as it is, or, where something was wrong with what was sent, once more with that at its inputs.
    ///
    /// # Errors
    /// When the template fails.
    pub fn answer(
        p: crate::web::page::Frame,
        intro: String,
        form: FormView,
        errors: Option<&Errors>,
    ) -> Result<HttpResponse> {
        match errors {
            Some(errors) => {
                let form = form.errors(&p.t, errors);
                p.render_again(|p| Self { p, intro, form })
            }
            None => p.render(|p| Self { p, intro, form }),
        }
    }
}

/// A page that is one form and nothing else: log-in, first start.
#[derive(Debug, askama::Template)]
#[template(path = "pages/plain_form.html")]
pub struct PlainFormPage {
    /// The frame.
    pub p: crate::web::page::Frame,
    /// A paragraph above the form; empty for none.
    pub intro: String,
    /// The form.
    pub form: FormView,
}

impl PlainFormPage {
    /// The page: as it is, or, where something was wrong with what was sent, once more with that at its inputs.
    ///
    /// # Errors
    /// When the template fails.
    pub fn answer(
        p: crate::web::page::Frame,
        intro: String,
        form: FormView,
        errors: Option<&Errors>,
    ) -> Result<HttpResponse> {
        match errors {
            Some(errors) => {
                let form = form.errors(&p.t, errors);
                p.render_again(|p| Self { p, intro, form })
            }
            None => p.render(|p| Self { p, intro, form }),
        }
    }
}

/// A page that shows a link this once.
#[derive(Debug, askama::Template)]
#[template(path = "pages/hand_over.html")]
pub struct HandOverPage {
    /// The frame.
    pub p: crate::web::page::Frame,
    /// What it is and to whom it goes.
    pub intro: String,
    /// The whole URL.
    pub link: String,
    /// Where it goes on.
    pub back: String,
}

/// A page that is one table.
#[derive(Debug, askama::Template)]
#[template(path = "pages/table.html")]
pub struct TablePage {
    /// The frame.
    pub p: crate::web::page::Frame,
    /// A paragraph above the table; empty for none.
    pub intro: String,
    /// Buttons beside the heading: label and URL.
    pub acts: Vec<(String, String)>,
    /// The table.
    pub table: Table,
    /// What stands there if it has no rows.
    pub empty: Empty,
}
