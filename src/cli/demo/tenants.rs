//! The demo's tenants and who works in them.

use super::super::database::Opened;
use super::people::Lists;
use super::user;
use crate::control::audit::Actor;
use crate::control::ceilings::packages;
use crate::control::memberships::Granter;
use crate::control::roles::acts::{self, Draft};
use crate::control::tenants::fence::WantedFence;
use crate::control::tenants::provision::{Basics, CreateInner, CreateSeparate};
use crate::control::tenants::slug::Slug;
use crate::control::{memberships, users};
use crate::db::Viewer;
use crate::db::Write;
use crate::db::ids::TenantId;
use crate::error::Result;

/// Slug of the parent (none for the main tenant), slug, name, colour, language of what it sends.
const SEPARATE: [(&str, &str, &str, &str, &str); 6] = [
    ("", "nord", "North", "#1f7a5c", "de"),
    ("", "sued", "South", "#b3541e", "de"),
    ("", "france", "France", "#274b9f", "en"),
    ("nord", "hamburg", "Hamburg branch", "#0f6b8f", "de"),
    ("nord", "kiel", "Kiel branch", "#8a6d1a", "de"),
    ("hamburg", "altona", "Altona shop", "#a23b5b", "de"),
];

fn basics(opened: &Opened, slug: &str, name: &str, colour: &str, locale: &str) -> Result<Basics> {
    let slug = Slug::parse(slug, &opened.app.sections)?;
    Basics::check(slug, name, colour, locale, "Europe/Berlin")
}

/// Makes the separate tenants; answers the one that gets the data.
pub(super) fn separate(opened: &Opened, main: TenantId) -> Result<TenantId> {
    let mut known = std::collections::BTreeMap::from([("", main)]);
    for (parent, slug, name, colour, locale) in SEPARATE {
        let id = opened.app.provisioner.carry_out(CreateSeparate {
            actor: Actor::cli(),
            granter: None,
            parent: known.get(parent).copied(),
            basics: basics(opened, slug, name, colour, locale)?,
            admin: Some(user("admin@example.com", "administrator")?),
        })?;
        known.insert(slug, id);
    }
    Ok(known.get("nord").copied().unwrap_or(main))
}

/// Makes an inner tenant of each kind: fenced by a list, by a rule, by both.
pub(super) fn inner(opened: &Opened, parent: TenantId, lists: &Lists) -> Result<()> {
    let by = |lists: &[_], rule: &str| WantedFence {
        lists: lists.to_vec(),
        rule: rule.to_owned(),
        ..WantedFence::by(Viewer::Operator)
    };
    for (slug, name, colour, fence, moves_allowed, email) in [
        (
            "vip",
            "VIP customers",
            "#7a3fa0",
            by(&[lists.customers], ""),
            false,
            "vip@example.com",
        ),
        (
            "berlin",
            "Berlin",
            "#c0392b",
            by(&[], "city = 'Berlin'"),
            true,
            "berlin@example.com",
        ),
        (
            "regulars",
            "Berlin regulars",
            "#5b6b1f",
            by(&[lists.news], "city = 'Berlin' and orders >= 5"),
            false,
            "berlin@example.com",
        ),
    ] {
        opened.app.provisioner.carry_out(CreateInner {
            actor: Actor::cli(),
            granter: None,
            parent,
            basics: basics(opened, slug, name, colour, "de")?,
            fence,
            moves_allowed,
            admin: Some(user(email, "editor")?),
        })?;
    }
    Ok(())
}

/// A central role, one of the tenant with the data, and a package of rights for those below it.
pub(super) fn roles(opened: &Opened, main: TenantId, tenant: TenantId) -> Result<()> {
    let draft = |name: &str, description: &str, rights: &[&str], includes: &[&str]| Draft {
        name: name.to_owned(),
        description: description.to_owned(),
        rights: rights.iter().map(|key| (*key).to_owned()).collect(),
        includes: includes.iter().map(|key| (*key).to_owned()).collect(),
    };
    crate::db::control::run::<Write, _>(&opened.app.pools, |conn| {
        let (pg, actor) = (conn.pg(), Actor::cli());
        let central = draft(
            "Data steward",
            "Keeps the recipients in order.",
            &["imports.view", "imports.run", "recipients.change"],
            &["viewer"],
        );
        acts::create(pg, &Granter::operator(actor, main), "data-steward", central)?;
        let own = draft(
            "List keeper",
            "Looks after the mailing lists.",
            &["lists.create", "lists.change"],
            &["viewer"],
        );
        acts::create(pg, &Granter::operator(actor, tenant), "list-keeper", own)?;
        let few = ["dashboard.view", "lists.view", "recipients.view"];
        let few = few.map(str::to_owned).into_iter().collect();
        for owner in [main, tenant] {
            packages::save(pg, actor, owner, None, "Looking only", &few)?;
        }
        Ok(())
    })
}

/// Gives the tenant with the data an administrator and a viewer of its own.
pub(super) fn colleagues(opened: &Opened, tenant: TenantId) -> Result<()> {
    for (email, role) in [
        ("gerda@example.com", "administrator"),
        ("viewer@example.com", "viewer"),
    ] {
        let one = user(email, role)?;
        crate::db::control::run::<Write, _>(&opened.app.pools, |conn| {
            let id = users::create_or_find(conn.pg(), Actor::cli(), tenant, &one.user)?;
            memberships::grant(conn.pg(), Actor::cli(), id, tenant, &one.roles)
        })?;
    }
    Ok(())
}
