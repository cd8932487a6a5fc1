//! `mandant demo`: an installation to look at, made once; prints the log-ins each time.

use super::database::{Opened, open};
use super::output::result;
use super::{Result, Verb};
use crate::access::SystemAccess;
use crate::access::rights::{ChangeLists, RunImports};
use crate::config::Loaded;
use crate::control::audit::Actor;
use crate::control::setup::{self, SetUp};
use crate::control::tenants::fence::WantedFence;
use crate::control::tenants::provision::{Basics, CreateInner, CreateSeparate, FirstUser};
use crate::control::tenants::slug::Slug;
use crate::control::users::NewUser;
use crate::db::TenantScope;
use crate::db::ids::{ImportId, ListId, TenantId};
use crate::db::schema::tenant::imports;
use crate::db::tenant::Source as Through;
use crate::error::Result as AppResult;
use crate::tenant::recipients::import::engine;
use crate::tenant::recipients::import::guess;
use crate::tenant::recipients::import::settings::Settings;
use crate::tenant::recipients::import::source::Source;
use crate::tenant::{fields, lists};
use clap::Args;
use diesel::prelude::*;
use secrecy::SecretString;
use std::fmt::Write;

/// Known to everybody who reads this: for looking at the program on one's own machine.
const PASSWORD: &str = "demo demo demo";
const ADMIN: &str = "admin@example.com";
const COLLEAGUE: &str = "vip@example.com";
const RECIPIENTS: usize = 2_000;

/// Make demo data (once) and print its log-ins
#[derive(Args, Debug)]
pub(super) struct Arguments {}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        let opened = open(loaded)?;
        if !setup::is_done(&opened.app)? {
            make(&opened)?;
        }
        result(&format!(
            "log in as {ADMIN} (administrator of everything) or {COLLEAGUE} (editor of one inner tenant), password: {PASSWORD}"
        ))
    }
}

fn user(email: &str, name: &str, role: &str) -> AppResult<FirstUser> {
    Ok(FirstUser {
        user: NewUser::check(email, name, Some(&SecretString::from(PASSWORD)), "en")?,
        roles: vec![role.to_owned()],
    })
}

fn make(opened: &Opened) -> AppResult<()> {
    let app = &opened.app;
    let basics = |slug: &str, name: &str, colour: &str| {
        Basics::check(
            Slug::parse(slug, &app.sections)?,
            name,
            colour,
            "en",
            "Europe/Berlin",
        )
    };
    let main = app.provisioner.carry_out(SetUp {
        actor: Actor::cli(),
        name: "Example Group".into(),
        admin: user(ADMIN, "Anna Admin", "administrator")?.user,
        locale: "en".into(),
    })?;
    let mut north = main;
    for (slug, name, colour) in [("nord", "North", "#1f7a5c"), ("sued", "South", "#b3541e")] {
        let id = app.provisioner.carry_out(CreateSeparate {
            actor: Actor::cli(),
            parent: Some(main),
            basics: basics(slug, name, colour)?,
            admin: Some(user(ADMIN, "Anna Admin", "administrator")?),
        })?;
        if slug == "nord" {
            north = id;
        }
    }
    let (news, customers) = make_lists(opened, north)?;
    import(opened, north, &[news], 0, RECIPIENTS)?;
    import(opened, north, &[customers], 0, RECIPIENTS / 10)?;
    app.provisioner.carry_out(CreateInner {
        actor: Actor::cli(),
        parent: north,
        basics: basics("vip", "VIP customers", "#7a3fa0")?,
        fence: WantedFence {
            lists: vec![customers],
            ..WantedFence::default()
        },
        moves_allowed: false,
        admin: Some(user(COLLEAGUE, "Viktor Irving", "editor")?),
    })?;
    Ok(())
}

fn make_lists(opened: &Opened, tenant: TenantId) -> AppResult<(ListId, ListId)> {
    let access = SystemAccess::<ChangeLists>::new(
        TenantScope {
            id: tenant,
            parent: None,
        },
        None,
        Through::Cli,
    );
    access.run(&opened.app, |conn| {
        let news = lists::create(conn, "Newsletter", "Once a month")?;
        let customers = lists::create(conn, "VIP customers", "By invitation")?;
        Ok((news.id, customers.id))
    })
}

/// Made-up people, through the import like anybody's.
fn import(
    opened: &Opened,
    tenant: TenantId,
    lists: &[ListId],
    from: usize,
    to: usize,
) -> AppResult<()> {
    let app = &opened.app;
    let access = SystemAccess::<RunImports>::new(
        TenantScope {
            id: tenant,
            parent: None,
        },
        None,
        Through::Import,
    );
    let mut text = String::from("email,gender,first name,last name,language\n");
    const FIRST: [(&str, &str); 8] = [
        ("Anna", "female"),
        ("Bernd", "male"),
        ("Chloé", "female"),
        ("Dieter", "male"),
        ("Eva", "female"),
        ("Frank", "male"),
        ("Gül", "female"),
        ("Hugo", "male"),
    ];
    const LAST: [&str; 9] = [
        "Müller",
        "Schmidt",
        "Weiß",
        "O'Neill",
        "Yılmaz",
        "Kowalski",
        "Jørgensen",
        "Lefèvre",
        "Rossi",
    ];
    for n in from..to {
        let ((first, gender), last) = (FIRST[n % 8], LAST[n % 9]);
        let language = if n % 3 == 0 { "fr" } else { "de" };
        let _ = writeln!(
            text,
            "person{n}@example.com,{gender},{first},{last},{language}"
        );
    }
    let mut file = tempfile::NamedTempFile::new()
        .map_err(|error| crate::error::AppError::internal(error.to_string()))?;
    std::io::Write::write_all(&mut file, text.as_bytes())
        .map_err(|error| crate::error::AppError::internal(error.to_string()))?;
    let all = access.run(app, |conn| fields::all(conn.pg()))?;
    let source = Source::look(file.path(), &Default::default())
        .map_err(|fault| engine::file_error(&fault))?;
    let settings = Settings {
        mapping: guess::mapping(&source, &all),
        reading: source.reading,
        lists: lists.to_vec(),
        ..Settings::default()
    };
    let id: i32 = access.run(app, |conn| {
        Ok(diesel::insert_into(imports::table)
            .values((
                imports::state.eq("running"),
                imports::file_name.eq("demo.csv"),
                imports::settings.eq(serde_json::json!(settings)),
            ))
            .returning(imports::id)
            .get_result(conn.pg())?)
    })?;
    engine::run(
        app,
        &access,
        ImportId(id),
        file.path(),
        &settings,
        false,
        &mut |_| Ok(true),
    )?;
    access.run(app, |conn| {
        diesel::update(imports::table.find(id))
            .set(imports::state.eq("done"))
            .execute(conn.pg())?;
        Ok(())
    })
}
