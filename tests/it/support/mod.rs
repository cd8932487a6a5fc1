//! A whole installation in a database of its own, for one test.
//!
//! Tests run in processes of their own and at the same time, so nothing here is shared between them but
//! the server. What it makes goes through the same orders and gates as in the program.

pub mod app;
pub mod authenticator;
pub mod mailbox;
pub mod program;
pub mod provider;
pub mod proxy;
pub mod server;
pub mod workbook;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use mandant::access::rights::{RunImports, ViewRecipients};
use mandant::access::system::{SystemAccess, provision};
use mandant::app::App;
use mandant::config::Config;
use mandant::control::audit::Actor;
use mandant::control::memberships::{self, Granter, Place, Which};
use mandant::control::roles::{self, SyncBuiltIn};
use mandant::control::setup::SetUp;
use mandant::control::tenants::fence::WantedFence;
use mandant::control::tenants::provision::{Basics, CreateInner, CreateSeparate};
use mandant::control::tenants::slug::Slug;
use mandant::control::tenants::{self, Tenant};
use mandant::control::users::NewUser;
use mandant::db::Viewer;
use mandant::db::ids::{ListId, RecipientId, TenantId, UserId};
use mandant::db::pool::login_url;
use mandant::db::tenant::Source;
use mandant::db::{Read, TenantConn, TenantScope, Write};
use mandant::error::{AppError, Result};
use secrecy::{ExposeSecret, SecretString};
use server::Database;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long a test waits for what must come: long, as the machine may be busy with others' work. Who waits
/// looks again and again, so only a fault costs this time.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `good`; fails saying `what` where that does not come.
pub fn until(what: &str, mut good: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !good() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An installation with the main tenant `main`, whose administrator is `admin@example.org`.
pub struct TestDb {
    // Fields are dropped in this order: connections before the database.
    /// The application on it.
    pub app: App,
    /// What it may write.
    files: tempfile::TempDir,
    /// The database.
    pub database: Database,
}

#[derive(QueryableByName)]
struct Installed {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    inst: i32,
    #[diesel(sql_type = diesel::sql_types::Text)]
    control_password: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    app_password: String,
}

impl TestDb {
    /// Installed and set up.
    pub fn new() -> Self {
        let db = Self::bare();
        db.set_up();
        db
    }

    /// Installed, without any tenant.
    pub fn bare() -> Self {
        Self::with(Config::default())
    }

    /// Installed with a configuration, without any tenant. Files go to a folder of the test's own.
    pub fn with(mut config: Config) -> Self {
        let database = Database::new();
        let files = tempfile::tempdir().unwrap();
        config.storage.files_dir = Some(files.path().to_owned());
        let app = App::open(config, &database.url).unwrap();
        provision(&app, SyncBuiltIn).unwrap();
        Self {
            app,
            files,
            database,
        }
    }

    /// An installation that is in a database already: one restored from a backup.
    pub fn over(database: Database, files: tempfile::TempDir) -> Self {
        let mut config = Config::default();
        config.storage.files_dir = Some(files.path().to_owned());
        let app = App::open(config, &database.url).unwrap();
        Self {
            app,
            files,
            database,
        }
    }

    /// A second application on the same installation, as another process would be.
    pub fn again(&self, config: Config) -> Result<App> {
        App::open(config, &self.database.url)
    }

    /// Where uploads go.
    pub fn files(&self) -> &std::path::Path {
        self.files.path()
    }

    /// Makes the main tenant; its administrator has no password, so nobody logs in.
    pub fn set_up(&self) -> TenantId {
        self.set_up_with(None)
    }

    /// Makes the main tenant; its administrator has this password (hashing takes a while).
    pub fn set_up_with(&self, password: Option<&str>) -> TenantId {
        let password = password.map(SecretString::from);
        let order = SetUp {
            actor: Actor::cli(),
            name: "Main".into(),
            admin: NewUser::check("admin@example.org", "Admin", password.as_ref(), "en").unwrap(),
            locale: "en".into(),
        };
        provision(&self.app, order).unwrap()
    }

    /// Makes a separate tenant below the main one.
    pub fn separate(&self, slug: &str) -> Tenant {
        let id = provision(&self.app, self.separate_order(slug)).unwrap();
        self.by_id(id)
    }

    /// Makes a separate tenant below the one with that slug.
    pub fn below(&self, parent: &str, slug: &str) -> Tenant {
        let order = CreateSeparate {
            parent: Some(self.tenant(parent).id()),
            ..self.separate_order(slug)
        };
        self.by_id(provision(&self.app, order).unwrap())
    }

    /// The order for it.
    pub fn separate_order(&self, slug: &str) -> CreateSeparate {
        CreateSeparate {
            actor: Actor::cli(),
            granter: None,
            parent: Some(self.tenant("main").id()),
            basics: basics(slug),
            admin: None,
        }
    }

    /// Makes an inner tenant; edits may not move a recipient out.
    pub fn inner(&self, parent: &str, slug: &str, fence: WantedFence) -> Tenant {
        self.try_inner(parent, slug, fence, false).unwrap()
    }

    /// Makes an inner tenant, or tells why not.
    pub fn try_inner(
        &self,
        parent: &str,
        slug: &str,
        fence: WantedFence,
        moves_allowed: bool,
    ) -> Result<Tenant> {
        let order = self.inner_order(parent, slug, fence, moves_allowed);
        Ok(self.by_id(provision(&self.app, order)?))
    }

    /// The order for it.
    pub fn inner_order(
        &self,
        parent: &str,
        slug: &str,
        fence: WantedFence,
        moves_allowed: bool,
    ) -> CreateInner {
        CreateInner {
            actor: Actor::cli(),
            granter: None,
            parent: self.tenant(parent).id(),
            basics: basics(slug),
            fence,
            moves_allowed,
            admin: None,
        }
    }

    /// The tenant at `nord` or `nord/vip`.
    pub fn tenant(&self, path: &str) -> Tenant {
        tenants::by_path(&mut self.as_provisioner(), path).unwrap()
    }

    fn by_id(&self, id: TenantId) -> Tenant {
        tenants::by_id(&mut self.as_provisioner(), id).unwrap()
    }

    /// Runs `act` in one transaction as a tenant's role, as a job does.
    pub fn as_tenant<T>(
        &self,
        scope: TenantScope,
        act: impl FnOnce(&mut TenantConn<'_, Write>) -> Result<T>,
    ) -> Result<T> {
        SystemAccess::<RunImports>::new(scope, None, Source::System).run(&self.app, act)
    }

    /// The same in a READ ONLY transaction.
    pub fn look_as<T>(
        &self,
        scope: TenantScope,
        act: impl FnOnce(&mut TenantConn<'_, Read>) -> Result<T>,
    ) -> Result<T> {
        SystemAccess::<ViewRecipients>::new(scope, None, Source::System).run(&self.app, act)
    }

    /// Makes a mailing list in a separate tenant.
    pub fn list(&self, tenant: &Tenant, name: &str) -> ListId {
        use mandant::db::schema::tenant::lists;
        self.as_tenant(tenant.scope(), |conn| {
            Ok(diesel::insert_into(lists::table)
                .values(lists::name.eq(name))
                .returning(lists::id)
                .get_result(conn.pg())?)
        })
        .unwrap()
    }

    /// Makes a recipient in a separate tenant, on these lists.
    pub fn recipient(&self, tenant: &Tenant, email: &str, lists: &[ListId]) -> RecipientId {
        self.person(tenant, serde_json::json!({ "email": email }), lists)
    }

    /// Makes a recipient with more than an address: `{"<column>": "text", …}`.
    pub fn person(
        &self,
        tenant: &Tenant,
        data: serde_json::Value,
        lists: &[ListId],
    ) -> RecipientId {
        use mandant::tenant::recipients::write::create_recipient;
        let lists: Vec<i32> = lists.iter().map(|list| list.0).collect();
        let id: Option<i64> = self
            .as_tenant(tenant.scope(), |conn| {
                Ok(
                    diesel::select(create_recipient(data, lists, None::<String>))
                        .get_result(conn.pg())?,
                )
            })
            .unwrap();
        RecipientId(id.unwrap())
    }

    fn installed(&self) -> Installed {
        diesel::sql_query("SELECT inst, control_password, app_password FROM control.installation")
            .get_result(&mut self.database.connect())
            .unwrap()
    }

    /// The installation's number, which role names carry.
    pub fn inst(&self) -> i32 {
        self.installed().inst
    }

    /// A raw connection as the provisioning log-in, with its path on the control schema.
    pub fn as_provisioner(&self) -> PgConnection {
        let mut conn = self.database.connect();
        conn.batch_execute("SET search_path = control, pg_temp")
            .unwrap();
        conn
    }

    /// A raw connection as the log-in that becomes tenants, as an attacker who has its password would
    /// have it; no pool, no guard.
    pub fn as_app(&self) -> PgConnection {
        PgConnection::establish(self.app_url().expose_secret()).unwrap()
    }

    /// Name and password of that log-in.
    pub fn app_login(&self) -> (String, String) {
        let found = self.installed();
        (format!("m{}_app", found.inst), found.app_password)
    }

    /// Its URL.
    pub fn app_url(&self) -> SecretString {
        let (user, password) = self.app_login();
        login_url(&self.database.url, &user, &SecretString::from(password))
    }

    /// A raw connection as the log-in of the control tables.
    pub fn as_control(&self) -> PgConnection {
        let found = self.installed();
        let password = SecretString::from(found.control_password);
        let user = format!("m{}_control", found.inst);
        let url = login_url(&self.database.url, &user, &password);
        PgConnection::establish(url.expose_secret()).unwrap()
    }
}

/// A fence by lists.
pub fn by_lists(lists: &[ListId]) -> WantedFence {
    WantedFence {
        lists: lists.to_vec(),
        ..WantedFence::by(Viewer::Operator)
    }
}

/// A fence by rule.
pub fn by_rule(rule: &str) -> WantedFence {
    WantedFence {
        rule: rule.into(),
        ..WantedFence::by(Viewer::Operator)
    }
}

fn basics(slug: &str) -> Basics {
    let slug = Slug::parse(slug, &BTreeSet::new()).unwrap();
    let name = slug.as_str().to_uppercase();
    Basics::check(slug, &name, "#3b6ea5", "en", "Europe/Berlin").unwrap()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// The one number that a query answers, named `n`.
pub fn count(conn: &mut PgConnection, query: &str) -> i64 {
    diesel::sql_query(query)
        .get_result::<Count>(conn)
        .unwrap()
        .n
}

#[test]
fn an_installation_comes_and_goes() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let news = db.list(&nord, "News");
    db.recipient(&nord, "a@example.org", &[news]);
    db.recipient(&nord, "b@example.org", &[]);
    let vip = db.inner("nord", "vip", by_lists(&[news]));
    let b = db.inner("nord", "b", by_rule("email = 'b@example.org'"));
    let seen = |tenant: &Tenant| {
        use mandant::db::schema::tenant::recipients;
        db.look_as(tenant.scope(), |conn| {
            Ok(recipients::table.count().get_result::<i64>(conn.pg())?)
        })
        .unwrap()
    };
    assert_eq!((seen(&nord), seen(&vip), seen(&b)), (2, 1, 1));
    assert!(db.again(Config::default()).is_ok());
    assert!(db.files().is_dir());

    let roles = format!(
        "SELECT count(*) AS n FROM pg_roles WHERE rolname LIKE 'm{}\\_%'",
        db.inst()
    );
    let url = db.database.url.clone();
    assert!(count(&mut db.as_app(), &roles) > 7);
    assert!(count(&mut db.as_control(), &roles) > 7);
    drop(db);
    assert!(PgConnection::establish(url.expose_secret()).is_err());
    let next = Database::new();
    assert_eq!(
        count(&mut next.connect(), &roles),
        0,
        "roles were left behind"
    );
}

/// Sets a user's roles in a tenant as the operator would, whatever they were; none end his place.
pub fn set_roles(
    conn: &mut PgConnection,
    user: UserId,
    tenant: TenantId,
    roles: &[&str],
) -> Result<()> {
    set_place(conn, user, tenant, |place| {
        if roles.is_empty() {
            *place = Place::default();
        }
        place.roles = roles.iter().map(|role| (*role).to_owned()).collect();
    })
}

/// Changes a user's place in a tenant as the operator would.
pub fn set_place(
    conn: &mut PgConnection,
    user: UserId,
    tenant: TenantId,
    change: impl FnOnce(&mut Place),
) -> Result<()> {
    roles::lock(conn)?;
    let (_, version, mut place) =
        memberships::place_of(conn, user, tenant)?.ok_or(AppError::NotFound)?;
    change(&mut place);
    let which = Which {
        user,
        tenant,
        version,
    };
    memberships::set(conn, &Granter::operator(Actor::cli(), tenant), which, place)
}
