//! What the list is narrowed and acted on with: search, conditions, rule, bulk acts.

use super::super::super::state::{self, State};
use super::super::may_delete;
use super::{Addition, status_text};
use crate::tenant::fields::Field;
use crate::tenant::lists::List;
use crate::web::{Frame, Input, InputKind};

/// The operators of the small form, in its order.
pub(super) const OPERATORS: [&str; 12] = [
    "=",
    "!=",
    "contains",
    "not contains",
    "starts_with",
    "ends_with",
    "<",
    "<=",
    ">",
    ">=",
    "is empty",
    "is not empty",
];

/// Search, list and status; the rule stands in a form of its own.
pub(super) fn filters(p: &Frame, state: &State, lists: &[List]) -> Vec<Input> {
    let mut options = vec![(String::new(), p.t("recipients-any-list"))];
    options.extend(
        lists
            .iter()
            .map(|list| (list.id.to_string(), list.name.clone())),
    );
    let mut statuses = vec![(String::new(), p.t("recipients-any-status"))];
    statuses.extend(state::STATUSES.map(|status| (status.to_owned(), status_text(&p.t, status))));
    vec![
        Input::line("q", p.t("recipients-search"), &state.q)
            .typed("search")
            .help(p.t("recipients-search-help")),
        Input::select("list", p.t("recipients-list"), options, &state.list),
        Input::select("status", p.t("recipients-status"), statuses, &state.status),
    ]
}

/// What an exported file is like.
pub(super) fn export_inputs(p: &Frame) -> Vec<Input> {
    let columns = ["all", "shown"].map(|which| {
        let label = p.t(&format!("recipients-export-columns-{which}"));
        (which.to_owned(), label)
    });
    let label = p.t("recipients-export-columns");
    vec![
        Input::select("columns", label, columns.to_vec(), "all"),
        Input::check("excel", p.t("recipients-export-excel"), false)
            .help(p.t("recipients-export-excel-help")),
    ]
}

pub(super) fn rule_input(p: &Frame, state: &State) -> Input {
    Input::new(InputKind::Area(2), "rule", p.t("recipients-rule"))
        .value(&state.rule)
        .help(p.t("recipients-rule-help"))
}

pub(super) fn add_inputs(p: &Frame, all: &[Field], addition: &Addition) -> Vec<Input> {
    let language = p.t.language();
    let fields = all
        .iter()
        .filter(|field| field.is_seen() && field.is_askable())
        .map(|field| (field.key.clone(), field.label(language).to_owned()))
        .collect();
    let operators = OPERATORS
        .iter()
        .map(|operator| {
            let text = match *operator {
                "contains" => p.t("operator-contains"),
                "not contains" => p.t("operator-contains-not"),
                "starts_with" => p.t("operator-starts-with"),
                "ends_with" => p.t("operator-ends-with"),
                "is empty" => p.t("operator-empty"),
                "is not empty" => p.t("operator-filled"),
                sign => sign.to_owned(),
            };
            ((*operator).to_owned(), text)
        })
        .collect();
    vec![
        Input::select(
            "add_field",
            p.t("recipients-field"),
            fields,
            &addition.add_field,
        ),
        Input::select(
            "add_operator",
            p.t("recipients-operator"),
            operators,
            &addition.add_operator,
        ),
        Input::line("add_value", p.t("recipients-value"), &addition.add_value),
    ]
}

/// What the forms of the page send along, so that each changes only its own part of the state.
pub(super) fn hidden(state: &State) -> Vec<(&'static str, String)> {
    [
        ("q", &state.q),
        ("rule", &state.rule),
        ("list", &state.list),
        ("status", &state.status),
        ("sort", &state.sort),
        ("dir", &state.dir),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| (name, value.clone()))
    .collect()
}

/// `count` is that of all that match, where it is exact: an estimate would be another number than the one above
/// the list, which the browser asks for once more.
pub(super) fn bulk_inputs(p: &Frame, count: Option<&str>) -> Vec<Input> {
    let mut acts = Vec::new();
    if p.may("recipients.bulk") {
        acts.push(("set".to_owned(), p.t("bulk-set")));
        acts.push(("subscribe".to_owned(), p.t("bulk-subscribe")));
        acts.push(("unsubscribe".to_owned(), p.t("bulk-unsubscribe")));
    }
    if p.may("recipients.delete") && may_delete(p) {
        acts.push(("delete".to_owned(), p.t("bulk-delete")));
    }
    if acts.is_empty() {
        return Vec::new();
    }
    let which = vec![
        ("chosen".to_owned(), p.t("bulk-chosen")),
        (
            "all".to_owned(),
            match count {
                Some(count) => p.t.with("bulk-all", "recipients", count),
                None => p.t("bulk-all-uncounted"),
            },
        ),
    ];
    vec![
        Input::select("which", p.t("bulk-which"), which, "chosen"),
        Input::select("act", p.t("bulk-act"), acts, ""),
    ]
}
