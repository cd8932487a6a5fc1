//! The numbers of the start page, and the tiles that show them.

use crate::control::tenants::queries::{self, Facts};
use crate::db::ids::TenantId;
use crate::db::schema::tenant::{imports, lists};
use crate::db::{ControlConn, Mode, TenantConn};
use crate::error::Result;
use crate::tenant::fields;
use crate::tenant::recipients::query::{self, Count, Filter};
use crate::web::Frame;
use diesel::prelude::*;

/// Longest time the count of recipients may take, in milliseconds; then an estimate serves.
const COUNT_MS: u32 = 150;

/// What the tenant's own tables tell.
pub(super) struct Numbers {
    pub(super) recipients: Count,
    pub(super) lists: i64,
    pub(super) own_fields: i64,
    /// Imports that are done.
    pub(super) imports: i64,
}

impl Numbers {
    pub(super) fn of<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<Self> {
        Ok(Self {
            recipients: query::count_within(conn, &Filter::default(), COUNT_MS)?,
            lists: lists::table.count().get_result(conn.pg())?,
            own_fields: fields::all(conn)?
                .iter()
                .filter(|field| !field.is_standard())
                .count() as i64,
            imports: imports::table
                .filter(imports::state.eq("done"))
                .count()
                .get_result(conn.pg())?,
        })
    }
}

/// What the control tables tell: users, inner tenants, tenants below.
pub(super) fn facts<M: Mode>(conn: &mut ControlConn<'_, M>, tenant: TenantId) -> Result<Facts> {
    queries::facts(conn.pg(), tenant)
}

/// A number that leads to what it counts.
pub(super) struct Tile {
    pub(super) label: String,
    pub(super) number: String,
    pub(super) href: String,
}

/// The tiles that the user's rights allow.
pub(super) fn tiles(p: &Frame, numbers: &Numbers, facts: &Facts) -> Vec<Tile> {
    let number = |n: &i64| p.t.number(n);
    let recipients = number(&numbers.recipients.count);
    let recipients = if numbers.recipients.exact {
        recipients
    } else {
        p.t.with("about-number", "number", &recipients)
    };
    let whole = p.tenant.as_ref().is_some_and(|here| !here.is_inner());
    let tenants = whole && facts.separate > 0;
    [
        ("recipients", "nav-recipients", recipients, true),
        ("lists", "nav-lists", number(&numbers.lists), true),
        ("imports", "nav-imports", number(&numbers.imports), true),
        ("inner", "nav-inner", number(&facts.inner), whole),
        ("tenants", "nav-tenants", number(&facts.separate), tenants),
        ("users", "nav-users", number(&facts.members), true),
        (
            "fields",
            "dashboard-own-fields",
            number(&numbers.own_fields),
            true,
        ),
    ]
    .into_iter()
    .filter(|(section, .., here)| *here && p.may(&format!("{section}.view")))
    .map(|(section, key, number, _)| Tile {
        label: p.t(key),
        number,
        href: p.url(&format!("/{section}")),
    })
    .collect()
}
