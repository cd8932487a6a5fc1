//! Tables of rule -> SQL and rule -> message, and what holds for every rule.

mod meaning;
mod messages;
mod properties;
mod storing;
mod tables;

use super::*;
use crate::db::ids::FieldId;
use crate::tenant::fields::kind::{Choice, Kind};

fn field(id: i32, key: &str, kind: Kind) -> FieldRef {
    let id = FieldId(id);
    let column = Column::standard(key).or_else(|| Column::own(id)).unwrap();
    FieldRef {
        id,
        key: key.to_owned(),
        column,
        kind,
    }
}

fn choices(values: &[&str]) -> Kind {
    let choice = |value: &&str| Choice {
        value: (*value).to_owned(),
        label_en: String::new(),
        label_de: String::new(),
    };
    Kind::Choice {
        choices: values.iter().map(choice).collect(),
    }
}

fn fields() -> Vec<FieldRef> {
    let (precision, scale) = (12, 2);
    vec![
        field(1, "email", Kind::Email),
        field(2, "last_name", Kind::Text { max: 100 }),
        field(3, "language", choices(&["de", "en", "FR"])),
        FieldRef {
            id: FieldId(4),
            key: "created".to_owned(),
            column: Column::standard("created_at").unwrap(),
            kind: Kind::DateTime,
        },
        field(11, "city", Kind::Text { max: 100 }),
        field(12, "age", Kind::Integer),
        field(13, "turnover", Kind::Decimal { precision, scale }),
        field(14, "vip", Kind::Boolean),
        field(15, "birthday", Kind::Date),
        field(16, "mobile", Kind::Phone),
        field(17, "homepage", Kind::Url),
        field(18, "not", Kind::Integer),
    ]
}

fn catalog() -> Catalog {
    Catalog::new(fields()).with_masked(["salary".to_owned()])
}

fn checked(text: &str) -> CheckedRule {
    read(text, &catalog()).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}
