use super::*;
use proptest::prelude::*;

fn read(kind: &Kind, text: &str, comma: bool) -> Result<Option<String>, Fault> {
    let formats = Formats {
        decimal_comma: comma,
        ..Formats::default()
    };
    parse(kind, text, &formats)
}

#[test]
fn numbers_as_people_write_them() {
    let money = Kind::Decimal {
        precision: 10,
        scale: 2,
    };
    for (text, comma, value) in [
        ("3.874,04", true, "3874.04"),
        ("995,63", true, "995.63"),
        ("1.234.567,5", true, "1234567.5"),
        ("3,874.04", false, "3874.04"),
        ("-0.50", false, "-0.5"),
        ("12", true, "12"),
        ("1'000.5", false, "1000.5"),
        ("€ 12,50", true, "12.5"),
    ] {
        assert_eq!(read(&money, text, comma), Ok(Some(value.into())), "{text}");
    }
    for (text, comma) in [
        ("k.A.", true),
        ("1.23.456", true),
        ("1,2,3", true),
        ("", true),
        ("--1", true),
        ("1e5", false),
    ] {
        assert!(!matches!(read(&money, text, comma), Ok(Some(_))), "{text}");
    }
    assert_eq!(read(&money, "1.005", false), Err("too-precise"));
    assert_eq!(read(&money, "123456789", false), Err("too-large"));
    assert_eq!(
        read(&Kind::Integer, "9223372036854775808", false),
        Err("integer")
    );
    assert_eq!(read(&Kind::Integer, "12.0", false), Ok(Some("12".into())));
}

#[test]
fn dates_that_exist() {
    let formats = Formats::default();
    for (text, value) in [
        ("11.09.1992", "1992-09-11"),
        ("1992-09-11", "1992-09-11"),
        ("11/9/1992", "1992-09-11"),
        ("29.02.2024", "2024-02-29"),
    ] {
        assert_eq!(
            date(text, &formats).map(|d| d.to_string()),
            Ok(value.into()),
            "{text}"
        );
    }
    for text in [
        "00.00.0000",
        "31.02.2020",
        "29.02.2023",
        "09/11",
        "heute",
        "2020-13-01",
        "11.09.1992 x",
    ] {
        assert!(date(text, &formats).is_err(), "{text}");
    }
    let american = Formats {
        month_first: true,
        ..Formats::default()
    };
    assert_eq!(
        date("09/11/1992", &american).unwrap().to_string(),
        "1992-09-11"
    );
    assert_eq!(
        date("11.09.1992", &american).unwrap().to_string(),
        "1992-09-11"
    );
}

#[test]
fn addresses() {
    assert_eq!(
        email(" Anna@Exämple.DE "),
        Ok("anna@xn--exmple-cua.de".into())
    );
    for bad in [
        "", "a", "a@", "@b.de", "a@b", "a b@c.de", "a@b..de", ".a@b.de", "a@b@c.de", "a@-b.de",
    ] {
        assert!(email(bad).is_err(), "{bad}");
    }
}

#[test]
fn moments_in_their_zone() {
    let formats = Formats {
        zone: "Europe/Berlin".into(),
        ..Formats::default()
    };
    let read = |text| parse(&Kind::DateTime, text, &formats);
    assert_eq!(
        read("31.01.2026 14:05"),
        Ok(Some("2026-01-31T13:05:00Z".into()))
    );
    assert_eq!(
        read("2023-01-31T01:00:00Z"),
        Ok(Some("2023-01-31T01:00:00Z".into()))
    );
    assert_eq!(
        read("2023-01-31 01:00:00"),
        Ok(Some("2023-01-31T00:00:00Z".into()))
    );
    assert!(read("31.01.2026 25:00").is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_harm(text in "\\PC{0,40}", comma: bool) {
        for kind in [Kind::Integer, Kind::Date, Kind::DateTime, Kind::Boolean, Kind::Email, Kind::Phone, Kind::Url,
            Kind::Decimal { precision: 12, scale: 2 }, Kind::Text { max: 10 }] {
            let _ = read(&kind, &text, comma);
        }
    }
}

#[test]
fn years_of_two_digits_lie_near() {
    let (first, last) = short_years();
    assert_eq!(last - first, 99);
    for years in [first, first + 1, last - 1, last] {
        let text = format!("24.12.{:02}", years % 100);
        assert!(has_short_year(&text) && has_short_year(&format!("{text} 08:15")));
        let read = date(&text, &Formats::default()).map(|day| day.to_string());
        assert_eq!(read, Ok(format!("{years}-12-24")), "{text}");
    }
    let american = Formats {
        month_first: true,
        ..Formats::default()
    };
    assert_eq!(
        date("12/24/99", &american).map(|day| day.to_string()),
        Ok("1999-12-24".into())
    );
    for text in [
        "24.12.9",
        "24.12.999",
        "24.12.",
        "1999-12-24",
        "24.12.1999",
        "1.234,56",
    ] {
        assert!(!has_short_year(text), "{text}");
    }
    assert_eq!(date("24.12.9", &Formats::default()), Err("date"));
}
