//! The demo's recipients: made up, imported like anybody's.

use super::super::database::Opened;
use crate::access::SystemAccess;
use crate::access::rights::{ChangeLists, ChangeRecipients, RunImports};
use crate::clock;
use crate::db::TenantScope;
use crate::db::ids::{ImportId, ListId, RecipientId, TenantId};
use crate::db::schema::tenant::{imports, recipients};
use crate::db::tenant::Source as Through;
use crate::error::{AppError, Result};
use crate::tenant::recipients::import::settings::Settings;
use crate::tenant::recipients::import::source::Source;
use crate::tenant::recipients::import::{engine, guess, report};
use crate::tenant::recipients::write;
use crate::tenant::{fields, lists};
use diesel::prelude::*;
use std::fmt::Write as _;
use std::io::Write as _;

const RECIPIENTS: usize = 3_000;
const HEADER: &str = "E-Mail;Gender;First name;Last name;Language;City;Postcode;Country;Customer number;\
    Date of birth;Orders;Turnover;In the loyalty programme;Phone;Last order\n";

const FIRST: [(&str, &str); 16] = [
    ("Anna", "female"),
    ("Bernd", "male"),
    ("Chloé", "female"),
    ("Dieter", "male"),
    ("Eva", "female"),
    ("Frank", "male"),
    ("Gül", "female"),
    ("Hugo", "male"),
    ("Ingrid", "female"),
    ("Jörg", "male"),
    ("Katharina", "female"),
    ("Lukas", "male"),
    ("Margarete", "female"),
    ("Niklas", "male"),
    ("Özlem", "female"),
    ("Paul", "male"),
];
const LAST: [&str; 19] = [
    "Müller",
    "Schmidt",
    "Weiß",
    "O'Neill",
    "Yılmaz",
    "Kowalski",
    "Jørgensen",
    "Lefèvre",
    "Rossi",
    "Krüger",
    "Schneider",
    "Becker",
    "Hoffmann",
    "Leutheusser-Schnarrenberger",
    "Novak",
    "Baumgartner",
    "Wagner",
    "Fischer",
    "Zimmermann",
];
const CITIES: [(&str, &str, &str); 9] = [
    ("Berlin", "10115", "DE"),
    ("Hamburg", "20095", "DE"),
    ("Kiel", "24103", "DE"),
    ("München", "80331", "DE"),
    ("Wien", "1010", "AT"),
    ("Zürich", "8001", "CH"),
    ("Köln", "50667", "DE"),
    ("Graz", "8010", "AT"),
    ("Leipzig", "04109", "DE"),
];

/// The demo's mailing lists.
pub(super) struct Lists {
    pub(super) news: ListId,
    pub(super) customers: ListId,
}

fn access<R: crate::access::rights::Right>(tenant: TenantId, through: Through) -> SystemAccess<R> {
    let scope = TenantScope {
        id: tenant,
        parent: None,
    };
    SystemAccess::new(scope, None, through)
}

pub(super) fn make_lists(opened: &Opened, tenant: TenantId) -> Result<Lists> {
    access::<ChangeLists>(tenant, Through::Cli).run(&opened.app, |conn| {
        let news = lists::create(conn, "Newsletter", "What is new, once a month")?;
        let customers = lists::create(conn, "VIP customers", "By invitation only")?;
        lists::create(conn, "Autumn sale", "For those who asked to be told first")?;
        Ok(Lists {
            news: news.id,
            customers: customers.id,
        })
    })
}

/// Imports them, part of them to a second list, and lets some leave.
pub(super) fn make(opened: &Opened, tenant: TenantId, lists: &Lists) -> Result<()> {
    let agreed = "Yes, send me the newsletter. I can stop it at any time.";
    let mut all = HEADER.to_owned();
    (0..RECIPIENTS).for_each(|n| line(&mut all, n));
    import(
        opened,
        tenant,
        "customers-spring.csv",
        &all,
        &[lists.news],
        agreed,
    )?;
    let mut some = HEADER.to_owned();
    (0..RECIPIENTS)
        .filter(|n| n % 9 == 4)
        .for_each(|n| line(&mut some, n));
    // What real files hold: an address that is none, a line twice.
    some.push_str("no address here;;Nobody;;de;;;;;;;;;;\n");
    line(&mut some, 4);
    some.push_str(
        "person.bad.date@example.com;;Birthe;Datum;de;Berlin;10115;DE;;31.02.1980;many;;;;\n",
    );
    import(
        opened,
        tenant,
        "vip-2026.csv",
        &some,
        &[lists.customers],
        "",
    )?;
    leave(opened, tenant, lists.news)
}

fn line(text: &mut String, n: usize) {
    let (first, gender) = FIRST[n * 7 % FIRST.len()];
    let last = LAST[n * 5 % LAST.len()];
    let (city, postcode, country) = CITIES[n * n % CITIES.len()];
    let language = ["de", "de", "de", "en", "fr"][n % 5];
    let orders = n * 13 % 17;
    let loyal = if n.is_multiple_of(3) { "yes" } else { "no" };
    let _ = writeln!(
        text,
        "person{n}@example.com;{gender};{first};{last};{language};{city};{postcode};{country};1{n:07};\
         {year}-{month:02}-{day:02};{orders};{euros}.{cents:02};{loyal};+49 30 5550{phone:04};2026-{month:02}-{day:02} 1{hour}:30",
        year = 1945 + n * 11 % 60,
        month = 1 + n % 10,
        day = 1 + n * 3 % 28,
        euros = orders * (17 + n % 90),
        cents = n * 29 % 100,
        phone = n % 10_000,
        hour = n % 10,
    );
}

fn import(
    opened: &Opened,
    tenant: TenantId,
    name: &str,
    text: &str,
    lists: &[ListId],
    consent: &str,
) -> Result<()> {
    let app = &opened.app;
    let access = access::<RunImports>(tenant, Through::Import);
    let io = |error: std::io::Error| AppError::internal(error.to_string());
    let mut file = tempfile::NamedTempFile::new().map_err(io)?;
    file.write_all(text.as_bytes()).map_err(io)?;
    let all = access.run(app, fields::all)?;
    let source = Source::look(file.path(), &Default::default())
        .map_err(|fault| engine::file_error(&fault))?;
    let settings = Settings {
        mapping: guess::mapping(&source, &all),
        formats: guess::formats(&source, "Europe/Berlin"),
        reading: source.reading,
        lists: lists.to_vec(),
        consent: consent.into(),
        ..Settings::default()
    };
    let id: i32 = access.run(app, |conn| {
        Ok(diesel::insert_into(imports::table)
            .values((
                imports::state.eq("running"),
                imports::file_name.eq(name),
                imports::file_size.eq(text.len() as i64),
                imports::settings.eq(serde_json::json!(settings)),
                imports::started_at.eq(clock::now()),
            ))
            .returning(imports::id)
            .get_result(conn.pg())?)
    })?;
    let import = ImportId(id);
    engine::run(
        app,
        &access,
        import,
        file.path(),
        &settings,
        false,
        &mut |_| Ok(true),
    )?;
    let errors = report::write(app, &access, import, file.path(), &settings.reading, "en")?;
    access.run(app, |conn| {
        diesel::update(imports::table.find(id))
            .set((
                imports::state.eq("done"),
                imports::finished_at.eq(clock::now()),
                imports::errors_file.eq(errors.map(|path| path.display().to_string())),
            ))
            .execute(conn.pg())?;
        Ok(())
    })
}

/// Subscriptions in every status.
fn leave(opened: &Opened, tenant: TenantId, list: ListId) -> Result<()> {
    access::<ChangeRecipients>(tenant, Through::Cli).run(&opened.app, |conn| {
        let ids: Vec<i64> = recipients::table
            .select(recipients::id)
            .order(recipients::id)
            .load(conn.pg())?;
        for (part, status) in [
            (3, "waiting"),
            (7, "unsubscribed_user"),
            (11, "unsubscribed_admin"),
            (15, "bounced"),
            (19, "blocked"),
        ] {
            let some: Vec<RecipientId> = ids
                .iter()
                .filter(|id| *id % 23 == part)
                .map(|id| RecipientId(*id))
                .collect();
            write::set_status(conn, &some, list, status)?;
        }
        Ok(())
    })
}
