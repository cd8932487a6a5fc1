//! What the database knows of a request's user, tenant and rights.

#![expect(
    clippy::disallowed_methods,
    reason = "the whole context is one call of a control function"
)]

use super::super::context::{Seen, SessionUser, SignOnAsked, TenantHere};
use super::super::rights::{ChangeFields, Right};
use crate::db::ids::{TenantId, UserId};
use crate::db::migrate::tenant_version;
use crate::db::pool::Pools;
use crate::db::schema::tenant::admissions;
use crate::db::tenant::{self, Acting};
use crate::db::{Read, Source, Viewer, control};
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};
use std::collections::BTreeSet;

/// What the database knows of user and tenant.
pub(super) struct Found {
    pub user: SessionUser,
    pub tenant: Option<TenantHere>,
    pub waiting: i64,
    pub seen: Option<Seen>,
}

/// Blocking; `shows` tells that a page will be shown.
pub(super) fn found(
    pools: &Pools,
    user: UserId,
    named: Option<(String, Option<String>)>,
    seen: Option<Seen>,
    shows: bool,
) -> Result<Option<Found>> {
    let Some((user, mut tenant)) = look_up(pools, user, named)? else {
        return Ok(None);
    };
    let seen = match (&mut tenant, seen) {
        (Some(tenant), Some(seen)) if seen.tenant == tenant.id => look_as(pools, tenant, seen)?,
        _ => None,
    };
    let waiting = match &tenant {
        Some(tenant) if shows => waiting(pools, &user, tenant),
        _ => 0,
    };
    Ok(Some(Found {
        user,
        tenant,
        waiting,
        seen,
    }))
}

/// How many requests to admit wait for this user to decide. Where that cannot be read it is none: what is
/// wrong with the tenant its page says.
fn waiting(pools: &Pools, user: &SessionUser, here: &TenantHere) -> i64 {
    // Only where there are inner tenants is it worth a transaction.
    let possible = here.inner_below && here.schema_version == tenant_version();
    if !possible || !here.may("inner.admit") {
        return 0;
    }
    let acting = Acting::request(user.id, Source::Form);
    tenant::run::<Read, i64>(pools, here.scope(), acting, &here.viewer, |conn| {
        let open = admissions::table.filter(admissions::state.eq("open"));
        Ok(open.count().get_result(conn.pg())?)
    })
    .unwrap_or(0)
}

#[derive(QueryableByName)]
pub(in crate::access) struct UserRow {
    #[diesel(sql_type = Text)]
    user_name: String,
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = Text)]
    theme: String,
    #[diesel(sql_type = Text)]
    user_zone: String,
    #[diesel(embed)]
    tenant: TenantRow,
}

#[derive(QueryableByName)]
pub(in crate::access) struct TenantRow {
    #[diesel(sql_type = Nullable<Integer>)]
    id: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    slug: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    parent_id: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    parent_slug: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    colour: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    locale: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    time_zone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    schema_version: Option<i32>,
    #[diesel(sql_type = Nullable<Bool>)]
    moves_allowed: Option<bool>,
    #[diesel(sql_type = Nullable<Bool>)]
    lists_fence: Option<bool>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    trail: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    rights: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Bool>)]
    other_tenants: Option<bool>,
    #[diesel(sql_type = Nullable<Integer>)]
    visits_from: Option<i32>,
    #[diesel(sql_type = Nullable<Bool>)]
    inner_below: Option<bool>,
    #[diesel(sql_type = Nullable<Bool>)]
    second_factor_missing: Option<bool>,
    #[diesel(sql_type = Nullable<Array<Integer>>)]
    roles: Option<Vec<i32>>,
    #[diesel(sql_type = Nullable<Text>)]
    sign_on: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    sign_on_slug: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    sign_on_label: Option<String>,
}

/// Who is on a visit logged in for where he comes from.
const LOOK_UP: &str = "SELECT u.name AS user_name, u.language, u.theme, u.time_zone AS user_zone, c.*, \
        control.roles_now(u.id, c.id) AS roles, s.mark AS sign_on, s.slug AS sign_on_slug, s.label AS sign_on_label \
    FROM control.users u LEFT JOIN control.context($1, $2, $3) c ON true \
        LEFT JOIN LATERAL control.sign_on_asked(u.id, COALESCE(c.visits_from, c.id)) s ON true \
    WHERE u.id = $1 AND u.state = 'active'";

fn look_up(
    pools: &Pools,
    user: UserId,
    named: Option<(String, Option<String>)>,
) -> Result<Option<(SessionUser, Option<TenantHere>)>> {
    let row = control::statement(pools, |conn| look_up_on(conn, user, named))?;
    Ok(row.map(|row| {
        let (user, tenant) = row.split(user);
        (user, tenant.into_tenant())
    }))
}

fn look_up_on(
    conn: &mut PgConnection,
    user: UserId,
    named: Option<(String, Option<String>)>,
) -> QueryResult<Option<UserRow>> {
    let (slug, inner) = named.unzip();
    diesel::sql_query(LOOK_UP)
        .bind::<Integer, _>(user.0)
        .bind::<Nullable<Text>, _>(slug)
        .bind::<Nullable<Text>, _>(inner.flatten())
        .get_result(conn)
        .optional()
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Nullable<Array<Text>>)]
    rights: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Array<Integer>>)]
    roles: Option<Vec<i32>>,
}

/// The right by which fields are defined.
const DEFINES: &str = <ChangeFields as Right>::INFO.key;

impl Place {
    fn of_user(conn: &mut PgConnection, user: UserId, tenant: TenantId) -> QueryResult<Self> {
        diesel::sql_query(
            "SELECT rights, control.roles_now($1, $2) AS roles FROM control.rights_now($1, $2)",
        )
        .bind::<Integer, _>(user.0)
        .bind::<Integer, _>(tenant.0)
        .get_result(conn)
    }

    fn of_role(conn: &mut PgConnection, role: i32, tenant: TenantId) -> QueryResult<Self> {
        diesel::sql_query(
            "SELECT control.within(control.rights_of_roles(ARRAY[$1]), t.ceiling_in_force) AS rights,
                control.roles_reached(ARRAY[$1]) AS roles
             FROM control.tenants t WHERE t.id = $2",
        )
        .bind::<Integer, _>(role)
        .bind::<Integer, _>(tenant.0)
        .get_result(conn)
    }

    fn defines(&self) -> bool {
        self.rights.iter().flatten().any(|right| right == DEFINES)
    }
}

/// With whose eyes a job looks that a user ordered: as he stands in the tenant now.
///
/// # Errors
/// When the database does not answer.
pub(in crate::access) fn viewer_now(
    pools: &Pools,
    user: UserId,
    tenant: TenantId,
) -> Result<Viewer> {
    let place = control::statement(pools, |conn| Place::of_user(conn, user, tenant))?;
    let defines = place.defines();
    Ok(Viewer::person(place.roles, defines))
}

/// Narrows the rights, and what is seen of fields, to those of whom the user looks as. Where nothing would be
/// left there is nothing to see, and he stays himself.
fn look_as(pools: &Pools, tenant: &mut TenantHere, seen: Seen) -> Result<Option<Seen>> {
    let theirs = control::statement(pools, |conn| match (seen.user, seen.role) {
        (Some(user), _) => Place::of_user(conn, UserId(user), tenant.id),
        (None, role) => Place::of_role(conn, role.unwrap_or_default(), tenant.id),
    })?;
    let defines = theirs.defines();
    let (theirs, roles) = (theirs.rights.unwrap_or_default(), theirs.roles);
    let both = tenant.rights.iter().filter(|right| theirs.contains(right));
    let both: BTreeSet<String> = both.cloned().collect();
    if both.is_empty() {
        return Ok(None);
    }
    tenant.rights = both;
    tenant.viewer = std::mem::take(&mut tenant.viewer).looking_as(roles, defines);
    Ok(Some(seen))
}

/// A user's place in the tenant at `nord` or `nord/vip`, as a request to it would find it: for pages that
/// are his own and concern a tenant. None where he has none.
///
/// # Errors
/// When the database does not answer.
pub fn place(conn: &mut PgConnection, user: UserId, path: &str) -> Result<Option<TenantHere>> {
    let named = match path.split_once('/') {
        Some((slug, inner)) => (slug.to_owned(), Some(inner.to_owned())),
        None => (path.to_owned(), None),
    };
    let row = look_up_on(conn, user, Some(named))?;
    Ok(row
        .and_then(|row| row.tenant.into_tenant())
        .filter(|tenant| !tenant.rights.is_empty() && tenant.status != "trashed"))
}

impl UserRow {
    pub(in crate::access) fn split(self, id: UserId) -> (SessionUser, TenantRow) {
        let user = SessionUser {
            id,
            name: self.user_name,
            language: self.language,
            theme: self.theme,
            time_zone: self.user_zone,
        };
        (user, self.tenant)
    }
}

impl TenantRow {
    pub(in crate::access) fn into_tenant(self) -> Option<TenantHere> {
        let (id, kind, slug) = (self.id?, self.kind?, self.slug?);
        let rights: BTreeSet<String> = self.rights.unwrap_or_default().into_iter().collect();
        Some(TenantHere {
            id: TenantId(id),
            path: match (&self.parent_slug, kind.as_str()) {
                (Some(parent), "inner") => format!("{parent}/{slug}"),
                _ => slug,
            },
            kind,
            parent: self.parent_id.map(TenantId),
            name: self.name.unwrap_or_default(),
            colour: self.colour.unwrap_or_default(),
            locale: self.locale.unwrap_or_default(),
            time_zone: self.time_zone.unwrap_or_default(),
            // Without a status nothing is open.
            status: self.status.unwrap_or_else(|| "locked".into()),
            schema_version: self.schema_version.unwrap_or_default(),
            moves_allowed: self.moves_allowed.unwrap_or_default(),
            fenced_by_lists: self.lists_fence.unwrap_or_default(),
            trail: self.trail.unwrap_or_default(),
            viewer: Viewer::person(self.roles, rights.contains(DEFINES)),
            rights,
            other_tenants: self.other_tenants.unwrap_or_default(),
            visits_from: self.visits_from.map(TenantId),
            inner_below: self.inner_below.unwrap_or_default(),
            // Unknown is missing.
            second_factor_missing: self.second_factor_missing.unwrap_or(true),
            sign_on: self.sign_on.map(|mark| SignOnAsked {
                mark,
                slug: self.sign_on_slug.unwrap_or_default(),
                label: self.sign_on_label.unwrap_or_default(),
            }),
        })
    }
}
