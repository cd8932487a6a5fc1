//! Tenants full of marked things: what is in `sued` says `zqsued` wherever it can, what the inner tenant `y`
//! sees says `zqy`, and what lies in `nord` outside of every fence says `zqrest`.

use super::cases::Kind;
use crate::support::app::{PASSWORD, Person, TestApp};
use crate::support::program::Program;
use crate::support::{by_lists, count, until};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use mandant::access::system::provision;
use mandant::config::Config;
use mandant::control::audit::Actor;
use mandant::control::tenants::Tenant;
use mandant::db::ids::{ListId, RecipientId, TenantId};
use mandant::db::schema::tenant::{import_problems, import_profiles, imports};
use mandant::tenant::fields::define::{Definition, FieldInput};
use mandant::tenant::fields::orders::AddField;
use mandant::web::sealed::Seal;
use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// One thing of each kind, of one tenant.
#[derive(Clone, Default)]
pub struct Ids {
    pub slug: &'static str,
    pub email: &'static str,
    /// A separate tenant below.
    pub tenant: i32,
    /// An inner tenant.
    pub inner: i32,
    pub user: i32,
    /// A role made there; an inner tenant's is its parent's.
    pub role: i32,
    pub role_key: &'static str,
    pub package: i32,
    pub field: i32,
    pub list: i32,
    pub recipient: i64,
    /// The recipient as a tenant's URLs show it.
    pub sealed: String,
    pub job: i64,
    pub import: i32,
    pub profile: i32,
    pub admission: i64,
    /// An entry of the audit.
    pub entry: i64,
    /// The user's place.
    pub membership: i64,
}

impl Ids {
    /// As a path spells it.
    pub fn of(&self, kind: Kind) -> String {
        match kind {
            Kind::Tenant => self.tenant.to_string(),
            Kind::Inner => self.inner.to_string(),
            Kind::User => self.user.to_string(),
            Kind::Role => self.role.to_string(),
            Kind::Package => self.package.to_string(),
            Kind::Field => self.field.to_string(),
            Kind::List => self.list.to_string(),
            Kind::Recipient => self.sealed.clone(),
            Kind::Job => self.job.to_string(),
            Kind::Import => self.import.to_string(),
            Kind::Admission => self.admission.to_string(),
            Kind::Entry => self.entry.to_string(),
        }
    }
}

/// `main`, `nord` with the inner tenants `x` and `y`, and `sued` with its own `x`.
pub struct World {
    pub app: TestApp,
    pub main: Ids,
    pub nord: Ids,
    pub x: Ids,
    pub y: Ids,
    pub sued: Ids,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl World {
    pub fn new() -> Self {
        let mut config = Config::default();
        // Programs ask often here.
        config.limits.api_per_minute = NonZeroU32::MAX;
        let app = TestApp::with(config);
        app.db.set_up_with(Some(PASSWORD));
        let db = &app.db;
        let (nord, sued) = (db.separate("nord"), db.separate("sued"));
        let child = |slug: &str, parent: &Tenant| {
            let mut order = db.separate_order(slug);
            order.parent = Some(parent.id());
            provision(&db.app, order).unwrap().0
        };
        let (below_nord, below_sued) = (child("nordkind", &nord), child("suedkind", &sued));
        let mut ids_of_main = plant(&app, "main", "main", "zqmain", 1000);
        let mut ids_of_nord = plant(&app, "nord", "nord", "zqrest", 2000);
        let mut ids_of_sued = plant(&app, "sued", "sued", "zqsued", 3000);
        // Somebody whom no inner tenant sees and no test calls by his id.
        db.recipient(&nord, "hidden@zqrest.example", &[ListId(ids_of_nord.list)]);
        let fenced = |parent: &str, slug: &'static str, mark: &str| {
            let list = db.list(&db.tenant(parent), &format!("Fence {mark}"));
            db.inner(parent, slug, by_lists(&[list]));
            plant_inner(&app, parent, slug, mark, list)
        };
        let mut x = fenced("nord", "x", "zqx");
        let mut y = fenced("nord", "y", "zqy");
        let of_sued = fenced("sued", "x", "zqsued");
        let of_main = fenced("main", "x", "zqmain");
        (ids_of_main.tenant, ids_of_main.inner) = (sued.id, of_main.inner);
        (ids_of_nord.tenant, ids_of_nord.inner) = (below_nord, x.inner);
        (ids_of_sued.tenant, ids_of_sued.inner) = (below_sued, of_sued.inner);
        for (parent, ids, mark) in [
            (&nord, &mut ids_of_nord, "shared"),
            (&sued, &mut ids_of_sued, "zqsued"),
        ] {
            ids.admission = wish(&app, parent, ids);
            (ids.role, ids.role_key) = (role(&app, parent, mark), "eigene");
        }
        for (tenant, ids, mark) in [
            (&nord, &mut ids_of_nord, "zqrest"),
            (&sued, &mut ids_of_sued, "zqsued"),
            (&db.tenant("main"), &mut ids_of_main, "zqmain"),
        ] {
            ids.package = package(&app, tenant, mark);
        }
        // The main tenant's roles are for all; nobody else's are.
        (ids_of_main.role, ids_of_main.role_key) = (ids_of_sued.role, "eigene");
        for inner in [&mut x, &mut y] {
            (inner.tenant, inner.field) = (below_nord, ids_of_nord.field);
            (inner.role, inner.role_key) = (ids_of_nord.role, "eigene");
        }
        let rename = "UPDATE tenants SET name = CASE WHEN slug LIKE 'sued%' OR parent_id IN (SELECT id FROM tenants
                WHERE slug = 'sued') THEN 'Firma zqsued' WHEN slug = 'y' THEN 'Firma zqy' ELSE 'Firma ' || slug END";
        db.as_provisioner().batch_execute(rename).unwrap();
        for (email, path, role) in [
            ("nord-admin@example.org", "nord", "administrator"),
            ("x-admin@example.org", "nord/x", "administrator"),
            ("nord-viewer@example.org", "nord", "viewer"),
            ("x-viewer@example.org", "nord/x", "viewer"),
        ] {
            app.member(email, path, role);
        }
        for (path, ids) in [
            ("main", &mut ids_of_main),
            ("nord", &mut ids_of_nord),
            ("sued", &mut ids_of_sued),
            ("nord/x", &mut x),
            ("nord/y", &mut y),
        ] {
            let newest = "SELECT max(id) AS n FROM audit WHERE tenant_id =";
            let query = format!("{newest} {}", db.tenant(path).id);
            ids.entry = count(&mut db.as_provisioner(), &query);
            let place = "SELECT id::bigint AS n FROM memberships WHERE user_id =";
            let query = format!("{place} {}", ids.user);
            ids.membership = count(&mut db.as_provisioner(), &query);
        }
        Self {
            main: ids_of_main,
            nord: ids_of_nord,
            x,
            y,
            sued: ids_of_sued,
            app,
        }
    }

    fn person(&self, email: &str) -> Person {
        let person = self.app.visitor();
        person.log_in(email);
        person
    }

    /// A program with all that this member may do there.
    pub fn program(&self, email: &str, path: &str) -> Program {
        self.app.program(email, path, &[])
    }

    pub fn admin_of_nord(&self) -> Person {
        self.person("nord-admin@example.org")
    }

    pub fn admin_of_x(&self) -> Person {
        self.person("x-admin@example.org")
    }

    pub fn viewer_of_nord(&self) -> Person {
        self.person("nord-viewer@example.org")
    }

    pub fn viewer_of_x(&self) -> Person {
        self.person("x-viewer@example.org")
    }

    /// The ids with the recipient sealed as if it were that tenant's.
    pub fn seen_from(&self, ids: &Ids, path: &str) -> Ids {
        let tenant = self.app.db.tenant(path).id();
        Ids {
            sealed: seal(&self.app, tenant, ids.recipient),
            ..ids.clone()
        }
    }

    /// Every row of every tenant and of who may do what.
    pub fn all_rows(&self) -> BTreeSet<String> {
        let mut conn = self.app.db.as_provisioner();
        let tables: Vec<Line> = diesel::sql_query(
            "SELECT format('%I.%I', n.nspname, c.relname) AS line FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND (n.nspname ~ '^t_[0-9]+$'
                OR n.nspname = 'control' AND c.relname IN ('tenants', 'users', 'memberships', 'membership_roles', 'membership_rights', 'roles', 'right_packages', 'role_rights', 'role_includes', 'jobs'))",
        )
        .load(&mut conn)
        .unwrap();
        let mut all = BTreeSet::new();
        for table in tables {
            // When somebody logged in last, or used his place, is no one's secret here, and changes with the test
            // itself.
            let sql = format!(
                "SELECT '{0} ' || (to_jsonb(t) - 'last_login_at' - 'last_used_at')::text AS line FROM {0} t",
                table.line
            );
            let rows: Vec<Line> = diesel::sql_query(sql).load(&mut conn).unwrap();
            all.extend(rows.into_iter().map(|row| row.line));
        }
        assert!(all.len() > 50, "the rows are not seen");
        all
    }

    /// The rows that the administrators of `nord` and `x` have no business with when they act on their own
    /// things; jobs they may start.
    pub fn foreign_rows(&self) -> BTreeSet<String> {
        let nord = format!("t_{}.", self.app.db.tenant("nord").id);
        let own = |line: &String| {
            let (table, row) = line.split_once(' ').unwrap();
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            let among =
                |name: &str, ids: [i64; 2]| row[name].as_i64().is_some_and(|id| ids.contains(&id));
            // Built in, or made elsewhere.
            let foreign_role = |name: &str| {
                let id = row[name].as_i64().unwrap_or_default();
                id <= 3 || id == i64::from(self.sued.role)
            };
            match table.strip_prefix(&nord) {
                Some("recipients") => among("id", [self.nord.recipient, self.x.recipient]),
                Some("recipient_changes") => {
                    among("recipient_id", [self.nord.recipient, self.x.recipient])
                }
                // New ones are theirs.
                Some("imports") => row["id"] != self.y.import,
                Some("import_problems") => {
                    among("import_id", [self.nord.import.into(), self.x.import.into()])
                }
                _ => match table {
                    "control.roles" => !foreign_role("id"),
                    "control.role_rights" | "control.role_includes" => !foreign_role("role_id"),
                    _ => table == "control.jobs",
                },
            }
        };
        self.all_rows()
            .into_iter()
            .filter(|line| !own(line))
            .collect()
    }

    /// Until nothing that was asked for is still to be done. A job that waits for another one, such as the
    /// cleaning of files for an import at work, is due at once.
    pub fn wait_for_jobs(&self) {
        let mut conn = self.app.db.as_provisioner();
        let open =
            "WITH due AS (UPDATE jobs SET run_at = now() WHERE state = 'queued' AND run_at > now())
            SELECT count(*) AS n FROM jobs WHERE state IN ('queued', 'running')";
        until("a job never ends", || count(&mut conn, open) == 0);
    }
}

fn seal(app: &TestApp, tenant: TenantId, recipient: i64) -> String {
    Seal::new(&app.db.app.secret, tenant).recipient(RecipientId(recipient))
}

/// A role of a separate tenant, with an earlier version.
fn role(app: &TestApp, tenant: &Tenant, mark: &str) -> i32 {
    let sql = format!(
        "WITH made AS (INSERT INTO roles (key, tenant_id, name, description) VALUES ('eigene', {}, 'Rolle {mark}', 'Text {mark}') RETURNING id),
            kept AS (INSERT INTO role_versions (role_id, version, name, description, rights, includes)
                SELECT id, 1, 'Rolle {mark}', 'Text {mark}', '{{}}', '{{}}' FROM made)
         SELECT id::bigint AS n FROM made",
        tenant.id
    );
    count(&mut app.db.as_provisioner(), &sql) as i32
}

/// A package of rights for the tenants below.
fn package(app: &TestApp, tenant: &Tenant, mark: &str) -> i32 {
    let sql = format!(
        "INSERT INTO right_packages (tenant_id, name, rights) VALUES ({}, 'Paket {mark}', '{{lists.view}}') RETURNING id::bigint AS n",
        tenant.id
    );
    count(&mut app.db.as_provisioner(), &sql) as i32
}

/// An inner tenant's wish for the recipient.
fn wish(app: &TestApp, parent: &Tenant, ids: &Ids) -> i64 {
    let sql = format!(
        "INSERT INTO t_{}.admissions (inner_id, recipient_id, data, list_ids, source)
         VALUES ({}, {}, '{{}}', '{{}}', 'form') RETURNING id AS n",
        parent.id, ids.inner, ids.recipient
    );
    count(&mut app.db.as_provisioner(), &sql)
}

/// One of each in a separate tenant, with ids that no other tenant has.
fn plant(app: &TestApp, path: &str, slug: &'static str, mark: &str, from: i32) -> Ids {
    let tenant = app.db.tenant(path);
    let mut conn = app.db.as_provisioner();
    for table in [
        "lists",
        "fields",
        "imports",
        "import_profiles",
        "recipients",
        "admissions",
    ] {
        let sql = format!(
            "ALTER TABLE t_{}.{table} ALTER COLUMN id RESTART WITH {from}",
            tenant.id
        );
        conn.batch_execute(&sql).unwrap();
    }
    // Fields are the whole tenant's, so those of `nord` are no secret of its rest.
    let shared = if slug == "nord" { "shared" } else { mark };
    let field = FieldInput {
        key: format!("{shared}_feld"),
        kind: "text".into(),
        label_en: format!("Field {shared}"),
        help_en: format!("Help {shared}"),
        ..FieldInput::default()
    };
    let order = AddField {
        actor: Actor::cli(),
        tenant: tenant.id(),
        field: Definition::check(field).unwrap(),
    };
    let field = provision(&app.db.app, order).unwrap().0;
    let list = app.db.list(&tenant, &format!("Liste {mark}"));
    let mut ids = things(app, &tenant, mark, list);
    (ids.slug, ids.field) = (slug, field);
    ids.email = member(app, &tenant, path, mark, &mut ids.user);
    ids
}

/// One of each that an inner tenant can have.
fn plant_inner(app: &TestApp, parent: &str, slug: &'static str, mark: &str, list: ListId) -> Ids {
    let path = format!("{parent}/{slug}");
    let inner = app.db.tenant(&path);
    let mut ids = things(app, &inner, mark, list);
    let recipient = app.db.recipient(
        &app.db.tenant(parent),
        &format!("{slug}@{mark}.example"),
        &[list],
    );
    (ids.recipient, ids.sealed) = (recipient.0, seal(app, inner.id(), recipient.0));
    (ids.slug, ids.inner) = (slug, inner.id);
    ids.email = member(app, &inner, &path, mark, &mut ids.user);
    ids
}

/// A user who is at home there; answers his address, which carries no mark, since others may know it.
fn member(app: &TestApp, tenant: &Tenant, path: &str, mark: &str, id: &mut i32) -> &'static str {
    let email = match (path, mark) {
        ("main", _) => "one@main.example",
        ("nord", _) => "one@nord.example",
        ("nord/x", _) => "one@x.example",
        ("nord/y", _) => "one@y.example",
        ("sued", _) => "one@sued.example",
        (_, "zqsued") => "one@sued-x.example",
        _ => "one@main-x.example",
    };
    app.member(email, path, "editor");
    let mut conn = app.db.as_provisioner();
    conn.batch_execute(&format!(
        "UPDATE users SET name = 'User {mark}' WHERE email = '{email}'"
    ))
    .unwrap();
    let found = format!(
        "SELECT user_id::bigint AS n FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = '{email}' AND m.tenant_id = {}",
        tenant.id
    );
    *id = count(&mut conn, &found) as i32;
    email
}

/// Recipient, import with files, profile and job.
fn things(app: &TestApp, tenant: &Tenant, mark: &str, list: ListId) -> Ids {
    let folder = app.db.files().join(format!("t_{}/uploads", tenant.id));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::write(&path, format!("email;name\nwrong {mark};Value {mark}\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let errors = file("errors");
    file("upload");
    let stored = format!("t_{}/uploads/upload", tenant.id);
    let (import, profile) = app
        .db
        .as_tenant(tenant.scope(), |conn| {
            let import: i32 = diesel::insert_into(imports::table)
                .values((
                    imports::state.eq("checked"),
                    imports::file_name.eq(format!("{mark}.csv")),
                    imports::stored_as.eq(stored),
                    imports::settings.eq(serde_json::json!({})),
                ))
                .returning(imports::id)
                .get_result(conn.pg())?;
            diesel::update(imports::table.find(import))
                .set(imports::errors_file.eq(errors))
                .execute(conn.pg())?;
            diesel::insert_into(import_problems::table)
                .values((
                    import_problems::import_id.eq(import),
                    import_problems::line.eq(2),
                    import_problems::refused.eq(true),
                    import_problems::code.eq("email"),
                    import_problems::params.eq(serde_json::json!({ "value": mark })),
                ))
                .execute(conn.pg())?;
            let profile: i32 = diesel::insert_into(import_profiles::table)
                .values((
                    import_profiles::name.eq(format!("Profile {mark}")),
                    import_profiles::settings.eq(serde_json::json!({ "consent": mark })),
                ))
                .returning(import_profiles::id)
                .get_result(conn.pg())?;
            Ok((import, profile))
        })
        .unwrap();
    let job = format!(
        "INSERT INTO jobs (tenant_id, kind, payload, state, error) VALUES ({}, 'recipients.bulk', '{{\"x\": \"{mark}\"}}', 'failed', '{mark}')
         RETURNING id AS n",
        tenant.id
    );
    let recipient = if tenant.is_inner() {
        0
    } else {
        let data = serde_json::json!({ "email": format!("a@{mark}.example"), "last_name": format!("Name {mark}") });
        app.db.person(tenant, data, &[list]).0
    };
    Ids {
        list: list.0,
        recipient,
        sealed: seal(app, tenant.id(), recipient),
        job: count(&mut app.db.as_provisioner(), &job),
        import,
        profile,
        ..Ids::default()
    }
}
