use super::*;
use proptest::prelude::*;

/// The text of a condition that fits [`fields`].
fn condition() -> impl Strategy<Value = String> {
    let text = "[^\0]{1,12}".prop_map(|text| format!("'{}'", text.replace('\'', "''")));
    let word = "[aA%_\\\\ö']{1,3}".prop_map(|text| format!("'{}'", text.replace('\'', "''")));
    let text = prop_oneof![text, word];
    let texts = proptest::collection::vec(text.clone(), 1..4).prop_map(|list| list.join(", "));
    let text_key = prop_oneof![
        Just("city"),
        Just("email"),
        Just("last_name"),
        Just("mobile")
    ];
    let text_op = prop_oneof![
        Just("="),
        Just("!="),
        Just("contains"),
        Just("not contains"),
        Just("starts_with"),
        Just("not starts_with"),
        Just("ends_with"),
        Just("not ends_with"),
    ];
    let order = || {
        prop_oneof![
            Just("="),
            Just("!="),
            Just("<"),
            Just("<="),
            Just(">"),
            Just(">=")
        ]
    };
    let any_key = prop_oneof![
        Just("city"),
        Just("age"),
        Just("turnover"),
        Just("vip"),
        Just("birthday"),
        Just("created"),
        Just("language"),
        Just("[not]"),
    ];
    let not = || prop_oneof![Just(""), Just("not ")];
    let small = -3i64..=3;
    let number = prop_oneof![small, any::<i64>()];
    let decimal = "-?[0-3]{1,3}(\\.[0-9]{1,3})?";
    let day =
        (2025i32..=2027, 1u32..=12, 1u32..=28).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}"));
    // Those of the rows in `meaning`, and their neighbours.
    let known_day = proptest::sample::select(vec![
        "2025-06-14",
        "2025-06-15",
        "2026-02-28",
        "2026-03-01",
        "2027-12-28",
        "9999-12-31",
        "0001-01-01",
    ]);
    let day = prop_oneof![day, known_day.prop_map(str::to_owned)];
    let moment = (day.clone(), 0u32..24, 0u32..60, 0u32..1_000_000)
        .prop_map(|(day, h, m, f)| format!("{day}T{h:02}:{m:02}:00.{f:06}Z"));
    let known_moment = proptest::sample::select(vec![
        "2025-06-15T00:00Z",
        "2025-06-14T23:59:59.999999Z",
        "2026-02-28T13:30+01:00",
        "2026-03-01T00:00:00",
    ]);
    let time = prop_oneof![day.clone(), moment, known_moment.prop_map(str::to_owned)];
    let times = proptest::collection::vec(time.clone(), 1..4).prop_map(|list| list.join(", "));
    prop_oneof![
        (text_key.clone(), text_op, text.clone())
            .prop_map(|(key, op, value)| format!("{key} {op} {value}")),
        (order(), text).prop_map(|(op, value)| format!("city {op} {value}")),
        (text_key, not(), texts).prop_map(|(key, not, list)| format!("{key} {not}in ({list})")),
        (any_key, not()).prop_map(|(key, not)| format!("{key} is {not}empty")),
        (order(), number).prop_map(|(op, value)| format!("age {op} {value}")),
        (order(), decimal).prop_map(|(op, value)| format!("turnover {op} {value}")),
        (order(), day).prop_map(|(op, value)| format!("birthday {op} {value}")),
        (order(), time).prop_map(|(op, value)| format!("created {op} {value}")),
        (not(), times).prop_map(|(not, list)| format!("created {not}in ({list})")),
        prop_oneof![
            Just("vip = yes"),
            Just("vip != true"),
            Just("vip = no"),
            Just("vip != false")
        ]
        .prop_map(str::to_owned),
        prop_oneof![
            Just("language = 'DE'"),
            Just("language not in ('en', 'fr')")
        ]
        .prop_map(str::to_owned),
    ]
}

/// The text of a rule that fits [`fields`].
pub(super) fn rule() -> impl Strategy<Value = String> {
    condition().prop_recursive(4, 24, 4, |inner| {
        let list = || proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            list().prop_map(|parts| format!("({})", parts.join(" and "))),
            list().prop_map(|parts| format!("({})", parts.join(" or "))),
            list().prop_map(|parts| parts.join(" or ")),
            inner.clone().prop_map(|part| format!("not ({part})")),
            inner.clone().prop_map(|part| format!("not {part}")),
        ]
    })
}

/// The reverse of `quoted`, after PostgreSQL's rules for both forms of a literal.
fn unquoted(sql: &str) -> Option<String> {
    let escapes = sql.starts_with('E');
    let body = sql
        .trim_start_matches('E')
        .strip_prefix('\'')?
        .strip_suffix('\'')?;
    let mut text = String::new();
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => text.push(chars.next().filter(|c| *c == '\'')?),
            '\\' if escapes => text.push(chars.next().filter(|c| *c == '\\')?),
            '\\' => return None,
            other => text.push(other),
        }
    }
    Some(text)
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = read(&text, &catalog());
    }

    #[test]
    fn no_row_of_words_makes_it_panic(words in proptest::collection::vec(prop_oneof![
        Just("age"), Just("city"), Just("not"), Just("("), Just(")"), Just("and"), Just("or"), Just("in"),
        Just("is"), Just("empty"), Just("="), Just("<"), Just(","), Just("'a'"), Just("1"), Just("-"),
        Just("2026-01-31"), Just("created"), Just("vip"), Just("yes"), Just("contains"), Just("'"), Just("["),
    ], 0..12)) {
        match read(&words.join(" "), &catalog()) {
            Ok(rule) => prop_assert!(!rule.fields().is_empty()),
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }

    #[test]
    fn what_is_shown_reads_as_the_same_rule(text in rule()) {
        let rule = checked(&text);
        prop_assert_eq!(&checked(&rule.show()), &rule);
        prop_assert_eq!(CheckedRule::from_stored(&rule.to_stored(), &catalog()), Ok(rule));
    }

    #[test]
    fn quoting_loses_nothing_and_lets_nothing_out(text in "[^\0]*") {
        let quoted = sql::quoted(&text);
        prop_assert_eq!(unquoted(&quoted), Some(text));
    }
}

#[test]
fn limits_hold_where_they_just_fit() {
    let deepest = format!(
        "{}age = 1{}",
        "(not ".repeat(MAX_DEPTH / 2),
        ")".repeat(MAX_DEPTH / 2)
    );
    assert_eq!(checked(&checked(&deepest).show()), checked(&deepest));
    let tangled = format!(
        "{}age = 1{}",
        "(age = 2 or (age = 3 and ".repeat(MAX_DEPTH / 2),
        "))".repeat(MAX_DEPTH / 2)
    );
    let rule = checked(&tangled);
    assert_eq!(checked(&rule.show()), rule);
    assert_eq!(
        CheckedRule::from_stored(&rule.to_stored(), &catalog()),
        Ok(rule)
    );
    let most = vec!["age = 1"; MAX_CONDITIONS].join(" and ");
    assert_eq!(checked(&most).conditions().len(), MAX_CONDITIONS);
}
