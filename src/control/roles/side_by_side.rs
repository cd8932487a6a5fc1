//! Two holders of rights side by side: roles, users, tenants.

use super::words::{choice, group_label};
use crate::access::rights;
use crate::error::Result;
use crate::web::{Cell, Frame, Input, InputKind, Table};
use actix_web::HttpResponse;
use askama::Template;
use std::collections::BTreeSet;

/// A holder.
#[derive(Clone, Debug)]
pub struct Side {
    /// What it is called.
    pub name: String,
    /// The keys of its rights.
    pub rights: BTreeSet<String>,
}

/// The page of a comparison.
#[derive(Debug, Template)]
#[template(path = "control/roles/compare.html")]
pub struct Comparison {
    /// The frame.
    pub p: Frame,
    /// What chooses the two.
    pub inputs: Vec<Input>,
    /// What else is to be said of the two: label, and a text for each.
    pub facts: Vec<(String, [String; 2])>,
    /// How many rights differ, in words; empty where there are no two.
    pub summary: String,
    /// Rights down.
    pub table: Table,
}

impl Comparison {
    /// The form alone, as long as the two are not chosen.
    pub fn asking(p: Frame, inputs: Vec<Input>) -> Self {
        Self {
            p,
            inputs,
            facts: Vec::new(),
            summary: String::new(),
            table: Table::default(),
        }
    }

    /// Two holders; those rights that both hold or lack only if `everything` is wanted.
    pub fn of(p: Frame, inputs: Vec<Input>, sides: &[Side; 2], everything: bool) -> Self {
        let (table, different) = table(&p, sides, everything);
        Self {
            summary: p.t.count("roles-differences", &different),
            table,
            ..Self::asking(p, inputs)
        }
    }

    /// The page.
    ///
    /// # Errors
    /// When the template fails.
    pub fn answer(self) -> Result<HttpResponse> {
        self.p.clone().render(|_| self)
    }

    /// The page, where what was asked for could not be found.
    ///
    /// # Errors
    /// When the template fails.
    pub fn refuse(self) -> Result<HttpResponse> {
        self.p.clone().render_again(|_| self)
    }
}

fn table(p: &Frame, sides: &[Side; 2], everything: bool) -> (Table, i64) {
    let [one, other] = sides;
    let columns = [
        p.t("roles-right"),
        p.t("roles-group"),
        one.name.clone(),
        other.name.clone(),
    ];
    let (mut table, mut different) = (Table::new(p.t("roles-compare"), columns), 0);
    for right in rights::ALL {
        let held = [one, other].map(|side| side.rights.contains(right.key));
        let differs = held[0] != held[1];
        different += i64::from(differs);
        if !differs && !everything {
            continue;
        }
        let mark = |held| match (held, differs) {
            (true, true) => Cell::Badge("success", p.t("roles-held")),
            (true, false) => Cell::Text(p.t("roles-held")),
            (false, _) => Cell::Text("–".into()),
        };
        table.row(vec![
            Cell::Text(choice(p, right).label),
            Cell::Text(group_label(p, right.group())),
            mark(held[0]),
            mark(held[1]),
        ]);
    }
    (table, different)
}
