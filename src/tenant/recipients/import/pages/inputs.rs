//! The inputs round the mapping: how the file is read, rules, lists, consent.

use super::mapping::Mapping;
use crate::tenant::recipients::import::settings::{Quote, Settings};
use crate::tenant::recipients::import::value;
use crate::web::{Frame, Input, InputKind};

pub(super) fn rule_inputs(p: &Frame, found: &Mapping, settings: &Settings) -> Vec<Input> {
    let choose = |keys: &[(&str, &str)]| {
        keys.iter()
            .map(|(value, key)| ((*value).to_owned(), p.t(key)))
            .collect::<Vec<_>>()
    };
    let keys = found
        .fields
        .iter()
        .filter(|field| field.is_unique && field.is_importable())
        .map(|field| (field.id.to_string(), field.label(p.t.language()).to_owned()))
        .collect();
    let key = settings
        .key
        .map_or_else(|| "1".to_owned(), |key| key.to_string());
    vec![
        Input::new(InputKind::Heading, "", p.t("import-rules")),
        Input::select(
            "mode",
            p.t("import-mode"),
            choose(&[
                ("upsert", "import-mode-upsert"),
                ("add", "import-mode-add"),
                ("update", "import-mode-update"),
                ("unsubscribe", "import-mode-unsubscribe"),
                ("block", "import-mode-block"),
            ]),
            settings.mode.key(),
        ),
        Input::select("key", p.t("import-key"), keys, key),
        Input::select(
            "duplicates",
            p.t("import-duplicates"),
            choose(&[
                ("refuse", "import-duplicates-refuse"),
                ("first", "import-duplicates-first"),
                ("last", "import-duplicates-last"),
            ]),
            settings.duplicates.key(),
        ),
        Input::select(
            "empty",
            p.t("import-empty"),
            choose(&[
                ("keep", "import-empty-keep"),
                ("clear", "import-empty-clear"),
            ]),
            if settings.clear_empty {
                "clear"
            } else {
                "keep"
            },
        ),
        Input::select(
            "bad",
            p.t("import-bad"),
            choose(&[("keep", "import-bad-keep"), ("refuse", "import-bad-refuse")]),
            if settings.refuse_bad_values {
                "refuse"
            } else {
                "keep"
            },
        ),
        Input::select(
            "dates",
            p.t("import-dates"),
            choose(&[("day", "import-dates-day"), ("month", "import-dates-month")]),
            if settings.formats.month_first {
                "month"
            } else {
                "day"
            },
        )
        .help(short_years(p)),
        Input::select(
            "numbers",
            p.t("import-numbers"),
            choose(&[
                ("comma", "import-numbers-comma"),
                ("point", "import-numbers-point"),
            ]),
            if settings.formats.decimal_comma {
                "comma"
            } else {
                "point"
            },
        ),
    ]
}

pub(super) fn list_inputs(p: &Frame, found: &Mapping, settings: &Settings) -> Vec<Input> {
    let options: Vec<_> = found
        .lists
        .iter()
        .map(|(id, name)| (id.to_string(), name.clone(), String::new()))
        .collect();
    let mut inputs = Vec::new();
    if !options.is_empty() {
        let mut lists = Input::new(InputKind::Checks(options), "lists", p.t("nav-lists"))
            .help(p.t("import-lists-help"));
        lists.values = settings.lists.iter().map(ToString::to_string).collect();
        inputs.push(lists);
    }
    inputs.push(
        Input::new(InputKind::Area(2), "consent", p.t("import-consent"))
            .value(&settings.consent)
            .help(p.t("import-consent-help")),
    );
    if !found.profiles.is_empty() {
        let chosen = settings.profile.map(|id| id.to_string());
        let chosen = chosen.unwrap_or_default();
        let mut options = vec![(String::new(), p.t("import-profile-none"))];
        options.extend(
            found
                .profiles
                .iter()
                .map(|(id, name)| (id.to_string(), name.clone())),
        );
        inputs.push(
            Input::select("profile", p.t("import-profile"), options, chosen)
                .help(p.t("import-profile-help")),
        );
    }
    inputs
}

fn short_years(p: &Frame) -> String {
    let (first, last) = value::short_years();
    let span = [("first", first.to_string()), ("last", last.to_string())];
    p.t.with_all("import-short-years", &span)
}

/// How the file is read, in one row below its first rows.
pub(super) fn reading_inputs(p: &Frame, found: &Mapping, settings: &Settings) -> Vec<Input> {
    let mut all = vec![Input::new(InputKind::Row, "", p.t("import-reading"))];
    all.extend(chosen_reading(p, found, settings));
    all.push(Input::new(InputKind::Button, "again", p.t("import-read-again")).value("on"));
    all.push(Input::new(InputKind::RowEnd, "", ""));
    all
}

fn chosen_reading(p: &Frame, found: &Mapping, settings: &Settings) -> Vec<Input> {
    let header = Input::check(
        "header",
        p.t("import-header"),
        settings.reading.header == Some(true),
    );
    if let Some(sheet) = &settings.reading.sheet {
        let sheets = found.source.sheets.iter();
        let sheets = sheets.map(|name| (name.clone(), name.clone())).collect();
        let sheet = Input::select("sheet", p.t("import-sheet"), sheets, sheet);
        return vec![sheet, header];
    }
    let encodings = [
        "UTF-8",
        "windows-1252",
        "ISO-8859-15",
        "UTF-16LE",
        "UTF-16BE",
    ]
    .map(|name| (name.to_owned(), name.to_owned()))
    .to_vec();
    let separators = [(";", ";"), (",", ","), ("|", "|")]
        .map(|(value, label)| (value.to_owned(), label.to_owned()));
    let mut separators = separators.to_vec();
    separators.push(("tab".into(), p.t("import-tab")));
    let separator = match settings.reading.separator {
        Some('\t') => "tab".to_owned(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let encoding = settings.reading.encoding.clone().unwrap_or_default();
    let quotes = Quote::ALL
        .map(|quote| {
            let label = p.t(&format!("import-quote-{}", quote.key()));
            (quote.key().to_owned(), label)
        })
        .to_vec();
    vec![
        Input::select("encoding", p.t("import-encoding"), encodings, encoding),
        Input::select("separator", p.t("import-separator"), separators, separator),
        Input::select(
            "quote",
            p.t("import-quote"),
            quotes,
            settings.reading.quote.key(),
        ),
        header,
    ]
}
