//! Fills a tenant with made-up recipients, lists and inner tenants, by set-based SQL.

use super::Result;
use crate::cli::database::Opened;
use crate::control::audit::Actor;
use crate::control::tenants::fence::WantedFence;
use crate::control::tenants::provision::{Basics, CreateInner, CreateSeparate, FirstUser};
use crate::control::tenants::slug::Slug;
use crate::control::users::NewUser;
use crate::db::TenantScope;
use crate::db::Viewer;
use crate::db::ids::TenantId;
use crate::db::provisioner::{Order, ProvisionConn};
use secrecy::SecretString;

/// Who may use the filled tenant, where somebody is to.
pub(super) const EDITOR: &str = "editor@example.com";

/// A name and the tenant to look from.
pub(super) type View = (&'static str, TenantScope);

struct Fill {
    tenant: TenantId,
    rows: i64,
}

impl Order for Fill {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> crate::error::Result<()> {
        let rows = self.rows;
        // Values and lists are drawn by hashes of their own, so that no order, name or fence goes with another.
        conn.ddl(
            self.tenant,
            &format!(
                "CREATE FUNCTION drawn(n bigint, seed bigint, m int) RETURNS int LANGUAGE sql IMMUTABLE
                    AS 'SELECT ((hashint8extended(n, seed) & 9007199254740991) % m)::int';
                 INSERT INTO lists (name) VALUES ('30 percent'), ('0.1 percent'), ('60 percent'), ('60 percent more');
                 INSERT INTO recipients (email, first_name, last_name, language, gender)
                 SELECT 'person' || n || '@' || (ARRAY['example.com', 'example.net', 'mail.example', 'shop.example'])[1 + drawn(n, 1, 4)],
                    (ARRAY['Anna', 'Bernd', 'Chloé', 'Dieter', 'Eva', 'Frank', 'Gül', 'Hannah'])[1 + drawn(n, 2, 8)],
                    (ARRAY['Müller', 'Schmidt', 'Weiß', 'O''Neill', 'Yılmaz', 'Kowalski', 'Jørgensen', 'Lefèvre', 'Rossi', 'Schäfer'])[1 + drawn(n, 3, 10)]
                        || CASE WHEN drawn(n, 4, 5) = 0 THEN '-' || drawn(n, 5, 1000) ELSE '' END,
                    CASE WHEN drawn(n, 6, 10) < 3 THEN 'fr' ELSE 'de' END, (ARRAY['female', 'male'])[1 + drawn(n, 7, 2)]
                 FROM generate_series(1, {rows}) n;
                 INSERT INTO subscriptions (recipient_id, list_id, status)
                 SELECT r.id, l.id, 'active' FROM recipients r, lists l
                 WHERE drawn(r.id, 10 + l.id, 1000) < (ARRAY[300, 1, 600, 600])[l.id];
                 DROP FUNCTION drawn"
            ),
        )?;
        Ok(())
    }
}

/// One separate tenant with `rows` recipients, and three inner ones; with an editor, if his password is given.
pub(super) fn fill(
    opened: &Opened,
    rows: i64,
    password: Option<&SecretString>,
) -> Result<(TenantId, Vec<View>)> {
    let app = &opened.app;
    let basics = |slug: &str| {
        Basics::check(
            Slug::parse(slug, &app.sections)?,
            "Bench",
            "#3b6ea5",
            "en",
            "UTC",
        )
    };
    let admin = match password {
        Some(password) => Some(FirstUser {
            user: NewUser::check(EDITOR, "Editor", Some(password), "en")?,
            roles: vec!["editor".into()],
        }),
        None => None,
    };
    let tenant = app.provisioner.carry_out(CreateSeparate {
        actor: Actor::cli(),
        granter: None,
        parent: Some(TenantId(1)),
        basics: basics("large")?,
        admin,
    })?;
    app.provisioner.carry_out(Fill { tenant, rows })?;
    // As autovacuum does within a minute.
    let tidy = ["recipients", "subscriptions"].map(|name| format!("VACUUM (ANALYZE) {name}"));
    app.provisioner.outside_transaction(tenant, &tidy)?;
    let mut views = vec![(
        "open",
        TenantScope {
            id: tenant,
            parent: None,
        },
    )];
    for (name, slug, rule, list) in [
        ("rule 30 %", "rule", "language = 'fr'", None),
        ("list 30 %", "list", "", Some("30 percent")),
        ("list 0.1 %", "small", "", Some("0.1 percent")),
    ] {
        let inner = app.provisioner.carry_out(CreateInner {
            actor: Actor::cli(),
            granter: None,
            parent: tenant,
            basics: basics(slug)?,
            fence: WantedFence {
                rule: rule.into(),
                list_names: list.into_iter().map(str::to_owned).collect(),
                ..WantedFence::by(Viewer::Operator)
            },
            moves_allowed: false,
            admin: None,
        })?;
        views.push((
            name,
            TenantScope {
                id: inner,
                parent: Some(tenant),
            },
        ));
    }
    Ok((tenant, views))
}
