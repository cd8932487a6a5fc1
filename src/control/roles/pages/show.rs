//! A role: what it holds and whence, who holds it, how it came about.

use super::super::{self as roles, Version, Whole};
use super::{Which, choice, frame, groups, label_of, list};
use crate::access::ControlAccess;
use crate::access::rights::ViewRoles;
use crate::control::users;
use crate::db::ids::{RoleId, UserId};
use crate::error::Result;
use crate::tenant::fields::seen::Mode;
use crate::tenant::fields::{self, Field};
use crate::web::{Cell, Choice, Frame, Input, InputKind, Table};
use actix_web::{HttpResponse, web};
use askama::Template;
use std::collections::BTreeMap;

#[derive(Template)]
#[template(path = "control/roles/show.html")]
struct Show {
    p: Frame,
    acts: Vec<(String, String)>,
    facts: Vec<(String, String)>,
    /// The rights, none of them to be changed here.
    input: Input,
    versions: Table,
    id: i32,
}

struct Loaded {
    /// Fields that say something for the role, as far as the reader sees them, and what.
    fields: Vec<(Field, Mode)>,
    whole: Whole,
    all: Vec<Whole>,
    holders: i64,
    versions: Vec<Version>,
    names: BTreeMap<UserId, String>,
}

pub(super) async fn page(
    access: ControlAccess<ViewRoles>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let (tenant, id) = (access.tenant().id, RoleId(path.id));
    let fields = access
        .look(move |conn| {
            let said = fields::rights::of_role(conn.pg(), id.0)?;
            let seen = fields::all(conn)?.into_iter();
            let narrowed = seen.filter_map(|field| Some((said.get(&field.id).copied()?, field)));
            Ok(narrowed.map(|(mode, field)| (field, mode)).collect())
        })
        .await?;
    let loaded = access
        .run(move |conn| {
            let whole = roles::one(conn.pg(), tenant, id)?;
            let ours = whole.role.tenant_id == Some(tenant.0);
            // How it came about is told where it is made.
            let versions = if ours {
                roles::versions(conn.pg(), id)?
            } else {
                Vec::new()
            };
            let who: Vec<UserId> = versions
                .iter()
                .filter_map(|version| version.user_id.map(UserId))
                .collect();
            Ok(Loaded {
                fields,
                all: roles::usable_whole(conn.pg(), tenant)?,
                holders: if ours {
                    roles::holders(conn.pg(), &[id])?
                } else {
                    roles::holders_in(conn.pg(), tenant, &[id])?
                },
                names: users::query::names(conn.pg(), tenant, &who)?,
                versions,
                whole,
            })
        })
        .await?;
    let p = frame(access.context(), "nav-roles");
    let title = label_of(&p, &loaded.whole.role);
    let p = p.titled(title);
    let page = Show {
        acts: acts(&p, &loaded.whole, tenant.0),
        facts: facts(&p, &loaded, tenant.0),
        input: rights(&p, &loaded),
        versions: versions(&p, &loaded),
        id: id.0,
        p,
    };
    page.p.clone().render(|_| page)
}

fn acts(p: &Frame, whole: &Whole, here: i32) -> Vec<(String, String)> {
    let id = whole.role.id;
    let ours = whole.role.tenant_id == Some(here);
    let all = [
        (
            "roles-edit",
            format!("/roles/{id}/edit"),
            ours && p.may("roles.change"),
        ),
        (
            "roles-copy",
            format!("/roles/new?copy={id}"),
            !p.in_inner() && p.may("roles.create"),
        ),
        (
            "roles-who",
            format!("/users?role={}", whole.role.key),
            p.may("users.view"),
        ),
        ("roles-compare", format!("/roles/compare?one={id}"), true),
        (
            "roles-delete",
            format!("/roles/{id}/delete"),
            ours && p.may("roles.delete"),
        ),
    ];
    all.into_iter()
        .filter(|(.., shown)| *shown)
        .map(|(key, url, _)| (p.t(key), p.url(&url)))
        .collect()
}

fn facts(p: &Frame, loaded: &Loaded, here: i32) -> Vec<(String, String)> {
    let whole = &loaded.whole;
    let included = |key: &String| {
        let role = loaded.all.iter().find(|other| other.role.key == *key);
        role.map_or_else(|| key.clone(), |other| label_of(p, &other.role))
    };
    let includes: Vec<String> = whole.includes.iter().map(included).collect();
    vec![
        (p.t("roles-key"), whole.role.key.clone()),
        (p.t("roles-description"), whole.role.description.clone()),
        (p.t("roles-from"), list::origin(p, whole, here)),
        (p.t("roles-includes"), includes.join(", ")),
        (
            p.t("roles-held-by"),
            p.t.count("roles-people", &loaded.holders),
        ),
        (p.t("roles-fields"), fields_text(p, loaded)),
    ]
}

/// `Birthday (hidden), Phone (masked)`.
fn fields_text(p: &Frame, loaded: &Loaded) -> String {
    let all = loaded.fields.iter().map(|(field, mode)| {
        let mode = p.t(&format!("fields-mode-{}", mode.key()));
        format!("{} ({mode})", field.label(p.t.language()))
    });
    all.collect::<Vec<_>>().join(", ")
}

fn rights(p: &Frame, loaded: &Loaded) -> Input {
    let whole = &loaded.whole;
    let groups = groups(p, false, |right| {
        let by = loaded.all.iter().filter(|other| {
            whole.includes.contains(&other.role.key) && other.all.contains(right.key)
        });
        let notes = by
            .map(|other| {
                p.t.with("membership-by-role", "role", &label_of(p, &other.role))
            })
            .collect();
        Choice {
            notes,
            held: whole.all.contains(right.key),
            fixed: true,
            ..choice(p, right)
        }
    });
    Input::new(InputKind::Groups(groups), "rights", p.t("roles-rights"))
}

fn versions(p: &Frame, loaded: &Loaded) -> Table {
    let columns = [
        "roles-version",
        "roles-version-at",
        "roles-version-by",
        "roles-version-rights",
    ];
    let mut table = Table::new(p.t("roles-versions"), columns.map(|key| p.t(key)));
    for version in &loaded.versions {
        let who = version.user_id.map(UserId);
        let who = who.and_then(|who| loaded.names.get(&who).cloned());
        let number = version.version;
        let id = loaded.whole.role.id;
        table.row(vec![
            Cell::Link {
                href: p.url(&format!("/roles/{id}/versions/{number}")),
                text: p.t.number(&i64::from(number)),
            },
            Cell::Text(p.t.moment(&version.at)),
            Cell::Text(who.unwrap_or_else(|| p.t("audit-nobody"))),
            Cell::Number(p.t.number(&(version.rights.len() as i64))),
        ]);
    }
    table
}
