//! The list's page.

use super::super::super::state::{Faults, State};
use super::controls::{add_inputs, bulk_inputs, export_inputs, filters, hidden, rule_input};
use super::table::rows;
use super::{Addition, CountView, Loaded, Refused};
use crate::access::Access;
use crate::access::rights::ViewRecipients;
use crate::error::Result;
use crate::web::i18n::Texts;
use crate::web::sealed::Seal;
use crate::web::{Cell, Empty, Frame, Input, InputKind, Table};
use actix_web::HttpResponse;
use askama::Template;

/// A condition with the way to take it off.
struct Chip {
    text: String,
    without: String,
}

#[derive(Template)]
#[template(path = "tenant/recipients/index.html")]
struct Index {
    p: Frame,
    acts: Vec<(String, String)>,
    filters: Vec<Input>,
    rule: Input,
    add: Vec<Input>,
    hidden: Vec<(&'static str, String)>,
    chips: Vec<Chip>,
    table: Table,
    empty: Empty,
    count: CountView,
    bulk: Vec<Input>,
    /// What an exported file is like.
    export: Vec<Input>,
    columns_url: String,
    clear_url: String,
}

pub(super) fn page(
    access: &Access<ViewRecipients>,
    state: &State,
    addition: &Addition,
    refused: Option<&Refused>,
    loaded: &Loaded,
) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "recipients-title").section("recipients");
    let seal = Seal::new(&access.app().secret, access.tenant().id);
    let faulty = loaded.found.is_err() || refused.is_some();
    let mut rule = rule_input(&p, state);
    let mut table = Table::default();
    let mut count = CountView {
        text: String::new(),
        better: String::new(),
    };
    let mut chips = Vec::new();
    match &loaded.found {
        Ok(found) => {
            table = rows(&p, &seal, state, &loaded.shown, &found.page)?;
            let better = p.url(&format!("/recipients/count?{}", state.narrowing().query()));
            count = CountView::new(&p.t, found.count, &better);
            chips = found
                .chips
                .iter()
                .map(|(text, without)| Chip {
                    text: text.clone(),
                    without: p.url(&format!("/recipients?{}", without.query())),
                })
                .collect();
        }
        Err(faults) => rule.errors = fault_texts(&p.t, faults),
    }
    let mut add = add_inputs(&p, &loaded.fields, addition);
    add[2].errors = match refused {
        None => Vec::new(),
        Some(Refused::Value(kind)) => vec![p.t(&format!("recipient-wrong-{kind}"))],
        Some(Refused::Rule(faults)) => fault_texts(&p.t, faults),
    };
    let exact = Some(count.text.as_str()).filter(|_| count.better.is_empty());
    let bulk = bulk_inputs(&p, exact);
    let page = Index {
        acts: acts(&p, state),
        filters: filters(&p, state, &loaded.lists),
        rule,
        add,
        hidden: hidden(state),
        chips,
        table,
        empty: empty(&p, state, faulty),
        count,
        bulk,
        export: export_inputs(&p),
        columns_url: p.url(&format!("/recipients/columns?{}", state.query())),
        clear_url: p.url("/recipients"),
        p: p.clone(),
    };
    if faulty {
        p.render_again(|_| page)
    } else {
        p.render(|_| page)
    }
}

fn fault_texts(t: &Texts, faults: &Faults) -> Vec<String> {
    faults.iter().map(|fault| fault.told().text(t)).collect()
}

fn acts(p: &Frame, state: &State) -> Vec<(String, String)> {
    let mut acts = Vec::new();
    if p.may("recipients.change") {
        acts.push((p.t("recipient-new"), p.url("/recipients/new")));
    }
    if p.may("recipients.export") {
        let url = format!("/recipients/export?{}", state.narrowing().query());
        acts.push((p.t("recipients-export"), p.url(&url)));
    }
    acts
}

fn empty(p: &Frame, state: &State, faulty: bool) -> Empty {
    let clear = Some((p.t("recipients-clear"), p.url("/recipients")));
    if faulty {
        return Empty {
            text: p.t("recipients-rule-faulty"),
            act: clear,
        };
    }
    if state.narrows() || !state.after.is_empty() {
        return Empty {
            text: p.t("recipients-no-match"),
            act: clear,
        };
    }
    let act = if p.may("imports.run") {
        Some((p.t("recipients-import"), p.url("/imports/new")))
    } else if p.may("recipients.change") {
        Some((p.t("recipient-new"), p.url("/recipients/new")))
    } else {
        None
    };
    Empty {
        text: p.t("recipients-none"),
        act,
    }
}
