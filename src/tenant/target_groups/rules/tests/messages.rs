use super::*;
use fluent_templates::{ArcLoader, fluent_bundle::FluentValue};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// At least one for every message.
fn wrong_rules() -> Vec<String> {
    let rules = [
        "",
        "   ",
        "age = 1 ?",
        "city = 'a\0b'",
        "city = 'Bonn",
        "city = \"it''s",
        "[age = 1",
        "[1] = 2",
        "age = 31.1.2026",
        "age = 5and",
        "city = Bonn",
        "and = 1",
        "not = 1",
        "age => 3",
        "city = null",
        "city != Empty",
        "city contains null",
        "city in (null)",
        "city is null",
        "city like 'a'",
        "age > 3 && vip = yes",
        "city = “Bonn”",
        "turnover > 1,5",
        "!vip = yes",
        "= 3",
        "age = 1 and",
        "age",
        "age 3",
        "age not 3",
        "age =",
        "age = )",
        "age = and",
        "age in",
        "age in 3",
        "age in (",
        "age in ()",
        "age in (1",
        "age in (1 2)",
        "(age = 1",
        "(age = 1 city = 'a'",
        "age = 1)",
        "age = 1 age = 2",
        "age is",
        "age is 3",
        "age is not 3",
        "aeg = 3",
        "straße = 'x'",
        "salary > 3",
        "vip > yes",
        "age contains '3'",
        "language < 'de'",
        "email > 'a'",
        "birthday starts_with '2'",
        "created contains 'a'",
        "turnover ends_with '1'",
        "mobile < '1'",
        "homepage >= 'a'",
        "age = '30'",
        "age = 30.5",
        "turnover = yes",
        "vip = 1",
        "vip = 'yes'",
        "birthday = 2026-02-30",
        "birthday = '31.01.2026'",
        "birthday = 2026-01-31T10:00",
        "created = 2026-13-01",
        "created = 2026-01-01T25:00",
        "created = 0000-01-01",
        "city = 3",
        "city = 2026-01-31",
        "mobile = 49",
        "age = 9223372036854775808",
        "language = 'dee'",
        "language = 'Klingon'",
        "city = ''",
        "city in ('a', '')",
        "email = ''",
        "age > 'x' and citi = 'a' and vip < 2 and language in ('de', 'xx', 'yy')",
    ];
    let long = |text: &str| format!("turnover = {}", text.repeat(39));
    let mut rules: Vec<String> = rules.iter().map(|&rule| rule.to_owned()).collect();
    rules.push(long("1"));
    rules.push(format!("age = 1{}", " ".repeat(MAX_LENGTH)));
    rules.push("not ".repeat(60) + "age = 1");
    rules.push("(".repeat(60) + "age = 1");
    rules.push(vec!["age = 1"; MAX_CONDITIONS + 1].join(" or "));
    rules
}

fn stored_errors() -> Vec<RuleError> {
    let of = |problem| RuleError {
        at: 0,
        len: 0,
        problem,
    };
    vec![
        of(Problem::FieldGone { id: FieldId(7) }),
        of(Problem::TypeChanged {
            field: "city".to_owned(),
            now: "integer",
        }),
        of(Problem::StoredVersion { version: 2 }),
        of(Problem::StoredUnreadable),
    ]
}

fn errors_of(text: &str) -> Vec<RuleError> {
    read(text, &catalog()).expect_err(text)
}

fn shortened(text: &str) -> String {
    let start: String = text.escape_debug().take(70).collect();
    start.trim_end().to_owned()
}

#[test]
fn each_mistake_has_its_message() {
    let mut lines = String::new();
    for rule in wrong_rules() {
        lines += &format!("{}\n", shortened(&rule));
        for error in errors_of(&rule) {
            lines += &format!("    {error}\n");
        }
    }
    for error in stored_errors() {
        lines += &format!("{error}\n");
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn places_lie_within_the_text() {
    for rule in wrong_rules() {
        for error in errors_of(&rule) {
            assert!(
                error.at + error.len <= rule.chars().count(),
                "{rule}: {error:?}"
            );
        }
    }
    let errors = errors_of("größe = 'ä' and aeg = 3");
    assert_eq!((errors[1].at, errors[1].len), (16, 3));
}

#[test]
fn both_languages_say_every_message() {
    let locales = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales");
    let customize =
        |bundle: &mut fluent_templates::FluentBundle<_>| bundle.set_use_isolating(false);
    let loader = ArcLoader::builder(&locales, unic_langid::langid!("en"))
        .customize(customize)
        .build()
        .unwrap();
    let mut said = BTreeSet::new();
    let mut german = String::new();
    let errors = wrong_rules()
        .iter()
        .flat_map(|rule| errors_of(rule))
        .collect::<Vec<_>>();
    for error in errors.iter().chain(&stored_errors()) {
        let key = error.message_key();
        let args: HashMap<_, _> = error
            .params()
            .into_iter()
            .map(|(name, value)| (name.into(), FluentValue::from(value)))
            .collect();
        let say = |lang| {
            loader
                .lookup_single_language::<String>(&lang, key, Some(&args))
                .unwrap()
        };
        let english = say(unic_langid::langid!("en"));
        assert!(error.to_string().ends_with(&english), "{error}");
        let text = say(unic_langid::langid!("de"));
        assert!(!text.contains("{$"), "{text}");
        german += &format!("{key}: {text}\n");
        said.insert(key.to_owned());
    }
    insta::assert_snapshot!(german);
    for lang in ["en", "de"] {
        let text = std::fs::read_to_string(locales.join(lang).join("rules.ftl")).unwrap();
        let keys: BTreeSet<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("rule-")?.split(" =").next())
            .map(|key| format!("rule-{key}"))
            .collect();
        assert_eq!(keys, said, "{lang}");
    }
}
