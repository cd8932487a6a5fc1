//! Tenants as their administrators see them: through HTTP.

mod admissions;
mod cli;
mod fence;
mod settings;
mod trash;
mod versions;

use crate::support::app::{Person, TestApp};
use crate::support::{TestDb, by_lists};
use mandant::control::tenants::Tenant;
use mandant::db::ids::ListId;

/// `nord` with two people, one of them inside `nord/vip`; its administrator.
struct World {
    app: TestApp,
    nord: Tenant,
    vip: Tenant,
    news: ListId,
    anna: Person,
}

impl World {
    fn new() -> Self {
        let app = TestApp::new();
        let nord = app.db.separate("nord");
        let (news, other) = (app.db.list(&nord, "News"), app.db.list(&nord, "Other"));
        person(&app.db, &nord, "in@nord.example", "Igel", news);
        person(&app.db, &nord, "out@nord.example", "Otter", other);
        let vip = app.db.inner("nord", "vip", by_lists(&[news]));
        let anna = app.user("anna@nord.example", "nord", "administrator");
        Self {
            app,
            nord,
            vip,
            news,
            anna,
        }
    }

    fn vip_page(&self, rest: &str) -> String {
        format!("/t/nord/inner/{}{rest}", self.vip.id)
    }
}

fn person(db: &TestDb, tenant: &Tenant, email: &str, last: &str, list: ListId) {
    let data = serde_json::json!({ "email": email, "last_name": last });
    db.person(tenant, data, &[list]);
}
