//! What is in force, against a model that computes it from scratch: whatever is changed, in whatever order.

use crate::support::TestDb;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, BTreeSet};

const RIGHTS: [&str; 6] = [
    "a.view", "a.change", "b.view", "b.change", "c.view", "c.change",
];
/// A tree of tenants by their parents: 0 is the root.
const PARENTS: [usize; 6] = [0, 0, 1, 1, 2, 0];
const ROLES: usize = 5;

/// A change of anything that counts.
#[derive(Clone, Debug)]
enum Change {
    Ceiling(usize, Option<u8>),
    RoleRight(usize, usize, bool),
    Include(usize, usize, bool),
    Role(usize, usize, bool),
    Single(usize, usize, bool),
}

fn change() -> impl Strategy<Value = Change> {
    let tenant = 0..PARENTS.len();
    prop_oneof![
        (tenant.clone(), proptest::option::weighted(0.7, any::<u8>()))
            .prop_map(|(t, set)| Change::Ceiling(t, set)),
        (0..ROLES, 0..RIGHTS.len(), any::<bool>())
            .prop_map(|(r, right, on)| Change::RoleRight(r, right, on)),
        (0..ROLES, 0..ROLES, any::<bool>()).prop_map(|(r, i, on)| Change::Include(r, i, on)),
        (tenant.clone(), 0..ROLES, any::<bool>()).prop_map(|(t, r, on)| Change::Role(t, r, on)),
        (tenant, 0..RIGHTS.len(), any::<bool>())
            .prop_map(|(t, right, on)| Change::Single(t, right, on)),
    ]
}

/// The same by plain sets: one member in each tenant.
#[derive(Clone, Debug, Default)]
struct Model {
    ceilings: BTreeMap<usize, BTreeSet<usize>>,
    role_rights: BTreeSet<(usize, usize)>,
    includes: BTreeSet<(usize, usize)>,
    roles: BTreeSet<(usize, usize)>,
    singles: BTreeSet<(usize, usize)>,
}

fn of_bits(bits: u8) -> BTreeSet<usize> {
    (0..RIGHTS.len())
        .filter(|bit| bits >> bit & 1 == 1)
        .collect()
}

impl Model {
    fn reached(&self, role: usize) -> BTreeSet<usize> {
        let mut seen = BTreeSet::from([role]);
        loop {
            let more: BTreeSet<usize> = self
                .includes
                .iter()
                .filter(|(from, _)| seen.contains(from))
                .map(|(_, to)| *to)
                .collect();
            let before = seen.len();
            seen.extend(more);
            if seen.len() == before {
                return seen;
            }
        }
    }

    /// Whether the change can be made; a circle cannot.
    fn apply(&mut self, change: &Change) -> bool {
        fn put<T: Ord>(set: &mut BTreeSet<T>, value: T, on: bool) {
            if on {
                set.insert(value);
            } else {
                set.remove(&value);
            }
        }
        match *change {
            Change::Ceiling(tenant, None) => drop(self.ceilings.remove(&tenant)),
            Change::Ceiling(tenant, Some(bits)) => {
                drop(self.ceilings.insert(tenant, of_bits(bits)));
            }
            Change::RoleRight(role, right, on) => put(&mut self.role_rights, (role, right), on),
            Change::Include(role, other, true) if self.reached(other).contains(&role) => {
                return false;
            }
            Change::Include(role, other, on) => put(&mut self.includes, (role, other), on),
            Change::Role(tenant, role, on) => put(&mut self.roles, (tenant, role), on),
            Change::Single(tenant, right, on) => put(&mut self.singles, (tenant, right), on),
        }
        true
    }

    fn granted(&self, tenant: usize) -> BTreeSet<usize> {
        let own = self.roles.iter().filter(|(of, _)| *of == tenant);
        let roles: BTreeSet<usize> = own.flat_map(|(_, role)| self.reached(*role)).collect();
        let by_roles = self
            .role_rights
            .iter()
            .filter(|(role, _)| roles.contains(role));
        let singles = self.singles.iter().filter(|(of, _)| *of == tenant);
        by_roles.chain(singles).map(|(_, right)| *right).collect()
    }

    fn in_force(&self, tenant: usize) -> BTreeSet<usize> {
        let (mut rights, mut here) = (self.granted(tenant), tenant);
        loop {
            if let Some(ceiling) = self.ceilings.get(&here) {
                rights = rights.intersection(ceiling).copied().collect();
            }
            if here == 0 {
                return rights;
            }
            here = PARENTS[here];
        }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    tenant: i32,
    #[diesel(sql_type = Array<Text>)]
    granted: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    in_force: Vec<String>,
}

/// Rows of the control tables alone: ids from 1000 on, tenants as in `PARENTS`.
fn plant(conn: &mut PgConnection) {
    let mut sql = String::from(
        "DELETE FROM memberships WHERE user_id = 1000; DELETE FROM role_includes; DELETE FROM roles WHERE NOT built_in;",
    );
    sql += "INSERT INTO users (id, home_tenant_id, email, name) VALUES (1000, 1, 'm@example.org', 'M') ON CONFLICT DO NOTHING;";
    sql += "DELETE FROM tenants WHERE id > 1000; UPDATE tenants SET ceiling = NULL WHERE id = 1;";
    for (tenant, parent) in PARENTS.iter().enumerate() {
        let id = id_of(tenant);
        if tenant > 0 {
            let parent = id_of(*parent);
            sql += &format!(
                "INSERT INTO tenants (id, parent_id, kind, slug, name) VALUES ({id}, {parent}, 'separate', 'p{tenant}', 'P');"
            );
        }
        sql += &format!(
            "INSERT INTO memberships (id, user_id, tenant_id) VALUES ({}, 1000, {id});",
            1000 + tenant
        );
    }
    for role in 0..ROLES {
        sql += &format!(
            "INSERT INTO roles (id, key, tenant_id, name) VALUES ({}, 'r{role}', 1, 'R');",
            1000 + role
        );
    }
    conn.batch_execute(&sql).unwrap();
}

fn id_of(tenant: usize) -> i32 {
    if tenant == 0 { 1 } else { 1000 + tenant as i32 }
}

fn in_sql(change: &Change) -> String {
    let pair = |table: &str, columns: &str, one: usize, other: String, on: bool| {
        let (first, second) = columns.split_once(", ").unwrap();
        if on {
            format!(
                "INSERT INTO {table} ({columns}) VALUES ({one}, {other}) ON CONFLICT DO NOTHING"
            )
        } else {
            format!("DELETE FROM {table} WHERE {first} = {one} AND {second} = {other}")
        }
    };
    let right = |right: usize| format!("'{}'", RIGHTS[right]);
    match *change {
        Change::Ceiling(tenant, bits) => {
            let set = bits.map_or_else(
                || "NULL".to_owned(),
                |bits| {
                    let keys: Vec<&str> = of_bits(bits).into_iter().map(|r| RIGHTS[r]).collect();
                    format!("'{{{}}}'", keys.join(","))
                },
            );
            format!(
                "UPDATE tenants SET ceiling = {set} WHERE id = {}",
                id_of(tenant)
            )
        }
        Change::RoleRight(role, r, on) => pair(
            "role_rights",
            "role_id, right_key",
            1000 + role,
            right(r),
            on,
        ),
        Change::Include(role, other, on) => pair(
            "role_includes",
            "role_id, included_id",
            1000 + role,
            (1000 + other).to_string(),
            on,
        ),
        Change::Role(tenant, role, on) => pair(
            "membership_roles",
            "membership_id, role_id",
            1000 + tenant,
            (1000 + role).to_string(),
            on,
        ),
        Change::Single(tenant, r, on) => pair(
            "membership_rights",
            "membership_id, right_key",
            1000 + tenant,
            right(r),
            on,
        ),
    }
}

fn names(rights: &BTreeSet<usize>) -> BTreeSet<String> {
    rights
        .iter()
        .map(|right| RIGHTS[*right].to_owned())
        .collect()
}

#[test]
fn in_force_is_what_is_granted_within_all_ceilings_whatever_the_order() {
    let db = TestDb::new();
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    });
    let changes = proptest::collection::vec(change(), 1..40);
    let conn = std::cell::RefCell::new(db.as_provisioner());
    let step = |changes: Vec<Change>| {
        let mut conn = conn.borrow_mut();
        plant(&mut conn);
        let mut model = Model::default();
        for change in &changes {
            let possible = model.apply(change);
            let done = conn.transaction(|conn| conn.batch_execute(&in_sql(change)));
            prop_assert_eq!(done.is_ok(), possible, "{:?}: {:?}", change, done);
        }
        let rows: Vec<Row> = diesel::sql_query(
            "SELECT tenant_id AS tenant, granted, in_force FROM memberships WHERE user_id = 1000",
        )
        .load(&mut *conn)
        .unwrap();
        prop_assert_eq!(rows.len(), PARENTS.len());
        for row in rows {
            let tenant = if row.tenant == 1 {
                0
            } else {
                row.tenant as usize - 1000
            };
            let set = |keys: Vec<String>| keys.into_iter().collect::<BTreeSet<_>>();
            prop_assert_eq!(set(row.granted), names(&model.granted(tenant)));
            prop_assert_eq!(set(row.in_force), names(&model.in_force(tenant)));
        }
        Ok(())
    };
    runner.run(&changes, step).unwrap();
}

#[test]
fn a_ceiling_taken_and_given_back_restores_what_was_there() {
    let db = TestDb::new();
    let mut conn = db.as_provisioner();
    plant(&mut conn);
    let setup = [
        Change::RoleRight(0, 0, true),
        Change::RoleRight(0, 1, true),
        Change::Role(4, 0, true),
        Change::Single(4, 5, true),
    ];
    for change in &setup {
        conn.batch_execute(&in_sql(change)).unwrap();
    }
    let in_force = |conn: &mut PgConnection| -> Vec<String> {
        use mandant::db::schema::control::memberships;
        memberships::table
            .find(1004)
            .select(memberships::in_force)
            .first(conn)
            .unwrap()
    };
    assert_eq!(in_force(&mut conn), ["a.change", "a.view", "c.change"]);
    conn.batch_execute(&in_sql(&Change::Ceiling(1, Some(0b1))))
        .unwrap();
    assert_eq!(in_force(&mut conn), ["a.view"], "two levels below");
    conn.batch_execute(&in_sql(&Change::Ceiling(1, None)))
        .unwrap();
    assert_eq!(in_force(&mut conn), ["a.change", "a.view", "c.change"]);
}

#[test]
fn two_editors_who_each_make_half_of_a_circle_do_not_close_it() {
    let db = TestDb::new();
    plant(&mut db.as_provisioner());
    let barrier = std::sync::Arc::new(std::sync::Barrier::new(2));
    let halves = [Change::Include(0, 1, true), Change::Include(1, 0, true)].map(|half| {
        let (mut conn, barrier) = (db.as_provisioner(), barrier.clone());
        std::thread::spawn(move || {
            barrier.wait();
            conn.transaction(|conn| conn.batch_execute(&in_sql(&half)))
                .is_ok()
        })
    });
    let made = halves.map(|half| half.join().unwrap());
    assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
}
