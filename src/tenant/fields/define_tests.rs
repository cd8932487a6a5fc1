use super::*;

fn text(key: &str) -> FieldInput {
    FieldInput {
        key: key.into(),
        kind: "text".into(),
        ..FieldInput::default()
    }
}

fn refused(input: FieldInput) -> &'static str {
    match Definition::check(input) {
        Err(AppError::Invalid { key, .. }) => key,
        other => panic!("{other:?}"),
    }
}

fn choice(value: &str) -> Choice {
    Choice {
        value: value.into(),
        label_en: String::new(),
        label_de: String::new(),
    }
}

#[test]
fn keys_may_be_sql_words_but_not_anything() {
    for key in ["select", "user", "order", "and", "null", "a1_b", "table"] {
        assert!(Definition::check(text(key)).is_ok(), "{key}");
    }
    for (key, message) in [
        ("", "field-key-shape"),
        ("1a", "field-key-shape"),
        ("Stadt", "field-key-shape"),
        ("größe", "field-key-shape"),
        ("a-b", "field-key-shape"),
        ("a\"; drop table x", "field-key-shape"),
        ("id", "field-key-reserved"),
        (&"k".repeat(200), "field-key-long"),
    ] {
        assert_eq!(refused(text(key)), message, "{key}");
    }
    assert!(Definition::check(text(&"k".repeat(60))).is_ok());
}

#[test]
fn a_definition_is_filled_in() {
    let checked = Definition::check(FieldInput {
        label_de: " Stadt ".into(),
        default: " Wien ".into(),
        ..text("city")
    })
    .unwrap();
    assert_eq!(checked.input().label_en, "Stadt");
    assert_eq!(checked.input().mode, "editable");
    assert_eq!(checked.kind(), &Kind::Text { max: 200 });
    assert_eq!(checked.default(), Some("Wien"));
    assert_eq!(
        Definition::check(text("city")).unwrap().input().label_de,
        "city"
    );
}

#[test]
fn each_fault_names_its_input() {
    let kind = |kind: &str| FieldInput {
        kind: kind.into(),
        ..text("k")
    };
    let choices = |choices: Vec<Choice>| FieldInput {
        choices,
        ..kind("choice")
    };
    for (input, at) in [
        (kind("varchar"), "type"),
        (
            FieldInput {
                max: Some(0),
                ..text("k")
            },
            "max",
        ),
        (
            FieldInput {
                max: Some(10_001),
                ..text("k")
            },
            "max",
        ),
        (
            FieldInput {
                max: Some(501),
                indexed: true,
                ..text("k")
            },
            "max",
        ),
        (
            FieldInput {
                precision: Some(39),
                ..kind("decimal")
            },
            "precision",
        ),
        (
            FieldInput {
                precision: Some(2),
                scale: Some(3),
                ..kind("decimal")
            },
            "scale",
        ),
        (
            FieldInput {
                label_en: "l".repeat(101),
                ..text("k")
            },
            "label",
        ),
        (
            FieldInput {
                help_de: "l".repeat(501),
                ..text("k")
            },
            "help",
        ),
        (
            FieldInput {
                group: "a\u{1b}".into(),
                ..text("k")
            },
            "group",
        ),
        (
            FieldInput {
                position: Some(-1),
                ..text("k")
            },
            "position",
        ),
        (
            FieldInput {
                mode: "secret".into(),
                ..text("k")
            },
            "mode",
        ),
        (
            FieldInput {
                mode: "hidden".into(),
                required: true,
                ..text("k")
            },
            "mode",
        ),
        (
            FieldInput {
                default: "x".into(),
                unique: true,
                ..text("k")
            },
            "default",
        ),
        (
            FieldInput {
                default: "morgen".into(),
                ..kind("date")
            },
            "default",
        ),
        (
            FieldInput {
                unique: true,
                ..kind("boolean")
            },
            "unique",
        ),
        (choices(vec![]), "choices"),
        (choices(vec![choice("a"), choice("a ")]), "choices"),
        (choices(vec![choice(&"a".repeat(201))]), "choices"),
        (
            choices((0..501).map(|n| choice(&n.to_string())).collect()),
            "choices",
        ),
    ] {
        assert_eq!(input_of(refused(input.clone())), at, "{input:?}");
    }
    assert!(Definition::check(choices((0..500).map(|n| choice(&n.to_string())).collect())).is_ok());
    assert!(
        Definition::check(FieldInput {
            default: "b".into(),
            ..choices(vec![choice("b")])
        })
        .is_ok()
    );
}
