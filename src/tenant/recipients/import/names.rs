//! When two names mean the same: written differently, abbreviated, or in another language. Not which field
//! that makes of a column; that is `guess`.

/// Names of one meaning, as `essence` has them.
const SAME: &[&[&str]] = &[
    &[
        "birthday",
        "birthdate",
        "dateofbirth",
        "dob",
        "geburtstag",
        "geburtsdatum",
        "gebdatum",
        "gebdat",
        "gebtag",
        "geborenam",
    ],
    &["customernr", "clientnr", "kundennr", "kundenr", "kdnr"],
    &[
        "phone",
        "phonenr",
        "telephone",
        "telephonenr",
        "telefon",
        "telefonnr",
        "telnr",
        "tel",
    ],
    &[
        "mobile",
        "mobilephone",
        "mobilenr",
        "cellphone",
        "mobil",
        "mobilnr",
        "mobiltelefon",
        "handy",
        "handynr",
    ],
    &[
        "zip",
        "zipcode",
        "postcode",
        "postalcode",
        "postleitzahl",
        "plz",
    ],
    &["city", "town", "ort", "stadt", "wohnort"],
    &["street", "strasse", "straße", "str"],
    &["country", "land"],
    &[
        "company",
        "organisation",
        "organization",
        "firma",
        "unternehmen",
    ],
];

/// What people write for «number» as a word of its own, and at the end of one.
const NUMBER: (&[&str], &[&str]) = (
    &["number", "nummer", "nr", "no", "num", "nbr"],
    &["number", "nummer", "nr"],
);

/// A name without what people write differently: case, spaces, hyphens, brackets.
pub fn plain(name: &str) -> String {
    let name = name.split('(').next().unwrap_or(name);
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether two names mean the same.
pub fn same(one: &str, other: &str) -> bool {
    let (one, other) = (essence(one), essence(other));
    let both = |names: &[&str]| {
        [&one, &other]
            .iter()
            .all(|name| names.contains(&name.as_str()))
    };
    !one.is_empty() && (one == other || SAME.iter().any(|names| both(names)))
}

/// The plain name, with `nr` for every way to write «number» at its end.
fn essence(name: &str) -> String {
    let plain = plain(name);
    let last = name
        .split('(')
        .next()
        .unwrap_or(name)
        .split(|c: char| !c.is_alphanumeric())
        .rfind(|word| !word.is_empty())
        .map(str::to_lowercase)
        .unwrap_or_default();
    let (words, endings) = NUMBER;
    let ending = match words.iter().find(|word| **word == last) {
        Some(word) => Some(word),
        None => endings.iter().find(|ending| plain.ends_with(**ending)),
    };
    match ending.and_then(|ending| plain.strip_suffix(ending)) {
        Some(rest) if !rest.is_empty() => format!("{rest}nr"),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn names_that_mean_the_same_are_known() {
        for (field, columns) in [
            (
                "birth_date",
                &[
                    "birthdate",
                    "Date of birth",
                    "Geburtstag",
                    "DOB",
                    "Geb.-Datum",
                ][..],
            ),
            ("birthday", &["birth date", "Geburtsdatum (TT.MM.JJJJ)"]),
            (
                "customer_number",
                &[
                    "Kundennr.",
                    "Kunden-Nr",
                    "customer no",
                    "KdNr",
                    "Kundennummer",
                    "CustomerNumber",
                ],
            ),
            ("Rechnungsnummer", &["Rechnungs-Nr.", "rechnungsnr"]),
        ] {
            for column in columns {
                assert!(same(field, column), "{field}: {column}");
            }
        }
        for (one, other) in [
            ("number", "no"),
            ("customer_number", "customer"),
            ("birthday", "day"),
            ("", "-"),
            ("casino", "casinr"),
            ("order no", "customer no"),
        ] {
            assert!(!same(one, other), "{one}: {other}");
        }
    }
}
