//! The demo's own fields: one of each type, in groups.

use super::super::database::Opened;
use crate::control::audit::Actor;
use crate::db::ids::TenantId;
use crate::error::Result;
use crate::tenant::fields::define::{Definition, FieldInput};
use crate::tenant::fields::kind::Choice;
use crate::tenant::fields::orders::AddField;

fn field(key: &str, kind: &str, english: &str, german: &str, group: &str) -> FieldInput {
    FieldInput {
        key: key.into(),
        kind: kind.into(),
        label_en: english.into(),
        label_de: german.into(),
        group: group.into(),
        historised: true,
        ..FieldInput::default()
    }
}

fn choice(value: &str, english: &str, german: &str) -> Choice {
    Choice {
        value: value.into(),
        label_en: english.into(),
        label_de: german.into(),
    }
}

fn all() -> Vec<FieldInput> {
    const ADDRESS: &str = "Address";
    const CUSTOMER: &str = "Customer";
    const CONTACT: &str = "Contact";
    vec![
        FieldInput {
            max: Some(80),
            indexed: true,
            ..field("city", "text", "City", "Ort", ADDRESS)
        },
        FieldInput {
            max: Some(12),
            ..field("postcode", "text", "Postcode", "PLZ", ADDRESS)
        },
        FieldInput {
            choices: vec![
                choice("DE", "Germany", "Deutschland"),
                choice("AT", "Austria", "Österreich"),
                choice("CH", "Switzerland", "Schweiz"),
            ],
            ..field("country", "choice", "Country", "Land", ADDRESS)
        },
        FieldInput {
            max: Some(20),
            unique: true,
            help_en: "As on the invoice, eight digits.".into(),
            help_de: "Wie auf der Rechnung, acht Ziffern.".into(),
            ..field(
                "customer_number",
                "text",
                "Customer number",
                "Kundennummer",
                CUSTOMER,
            )
        },
        field(
            "birthday",
            "date",
            "Date of birth",
            "Geburtsdatum",
            CUSTOMER,
        ),
        FieldInput {
            indexed: true,
            ..field("orders", "integer", "Orders", "Bestellungen", CUSTOMER)
        },
        FieldInput {
            help_en: "In euros, without tax, over the last twelve months.".into(),
            help_de: "In Euro, ohne Steuer, in den letzten zwölf Monaten.".into(),
            ..field("turnover", "decimal", "Turnover", "Umsatz", CUSTOMER)
        },
        field(
            "loyalty",
            "boolean",
            "In the loyalty programme",
            "Teilnahme am Kundenbindungsprogramm",
            CUSTOMER,
        ),
        FieldInput {
            mode: "read_only".into(),
            ..field(
                "last_order",
                "datetime",
                "Last order",
                "Letzte Bestellung",
                CUSTOMER,
            )
        },
        field("phone", "phone", "Phone", "Telefon", CONTACT),
        field(
            "work_email",
            "email",
            "E-mail at work",
            "Geschäftliche E-Mail-Adresse",
            CONTACT,
        ),
        field("website", "url", "Website", "Website", CONTACT),
        FieldInput {
            max: Some(1000),
            ..field("notes", "text", "Notes", "Bemerkung", CONTACT)
        },
    ]
}

/// Adds them.
pub(super) fn make(opened: &Opened, tenant: TenantId) -> Result<()> {
    for input in all() {
        opened.app.provisioner.carry_out(AddField {
            actor: Actor::cli(),
            tenant,
            field: Definition::check(input)?,
        })?;
    }
    Ok(())
}
