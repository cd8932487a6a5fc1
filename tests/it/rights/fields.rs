//! Field rights by role: what is hidden, masked or read-only for a role is so on every way to it.

mod granting;
mod importing;
mod setting;
mod ways;

use crate::fields::{add, input};
use crate::support::app::{Answer, Person, TestApp};
use crate::support::set_place;
use mandant::control::tenants::Tenant;
use mandant::control::users::by_email;
use mandant::db::ids::{FieldId, RecipientId};
use mandant::tenant::fields::define::FieldInput;
use mandant::web::sealed::Seal;
use serde_json::{Value, json};

/// What stands in the fields that Edda may not see; and of what nothing else is made.
const SECRETS: [&str; 3] = ["zqscore", "zqphone", "555123"];

/// `nord` with its administrator Nora and the editor Edda, for whose role `score` is hidden, `tel` masked and
/// `last_name` not to be changed.
struct World {
    app: TestApp,
    nord: Tenant,
    nora: Person,
    edda: Person,
    score: FieldId,
    tel: FieldId,
    anna: RecipientId,
}

impl World {
    fn new() -> Self {
        let app = TestApp::new();
        let nord = app.db.separate("nord");
        let own = |key: &str, kind: &str| FieldInput {
            indexed: true,
            ..input(key, kind)
        };
        let score = add(&app.db, &nord, own("score", "text"));
        let tel = add(&app.db, &nord, own("tel", "text"));
        let person = |email: &str, name: &str, score_is: &str, tel_is: &str| {
            let data = json!({
                "email": email, "last_name": name, format!("f{score}"): score_is, format!("f{tel}"): tel_is,
            });
            app.db.person(&nord, data, &[])
        };
        let anna = person("anna@example.org", "Adler", "zqscore low", "zqphone 555123");
        person("bert@example.org", "Bach", "zqscore high", "zqphone 555124");
        let nora = app.user("nora@example.org", "nord", "administrator");
        let edda = app.user("edda@example.org", "nord", "editor");
        let world = Self {
            app,
            nord,
            nora,
            edda,
            score,
            tel,
            anna,
        };
        // Edda chose the columns while she could see them, and there is a history.
        let columns = [1, 5, score.0, tel.0].map(|id| id.to_string());
        let columns: Vec<(&str, &str)> = columns.iter().map(|id| ("columns", &**id)).collect();
        world.edda.get("/t/nord/recipients/columns");
        let kept = world.edda.post("/t/nord/recipients/columns", &columns);
        assert_eq!(kept.status, 303);
        let change = [
            (format!("f{score}"), "zqscore new"),
            (format!("f{tel}"), "zqphone 555999"),
        ];
        let change: Vec<(&str, &str)> = change.iter().map(|(name, v)| (&**name, *v)).collect();
        let changed = world.edda.submit(&world.anna("/edit"), &change);
        assert_eq!(changed.status, 303, "{changed:?}");
        world.set(score, "editor", "hidden");
        world.set(tel, "editor", "masked");
        world.set(FieldId(5), "editor", "read_only");
        world
    }

    /// Nora says what a field is to a role.
    fn set(&self, field: FieldId, role: &str, mode: &str) {
        let set = self.try_set(&self.nora, field, role, mode);
        assert_eq!(set.status, 303, "{set:?}");
    }

    fn try_set(&self, who: &Person, field: FieldId, role: &str, mode: &str) -> Answer {
        let page = format!("/t/nord/fields/{field}/rights");
        who.submit(&page, &[(&format!("role_{}", self.role(role)), mode)])
    }

    fn role(&self, key: &str) -> i64 {
        let id = format!("SELECT id::bigint AS n FROM roles WHERE key = '{key}'");
        crate::support::count(&mut self.app.db.as_provisioner(), &id)
    }

    /// A page of the recipient Anna.
    fn anna(&self, rest: &str) -> String {
        let seal = Seal::new(&self.app.db.app.secret, self.nord.id());
        format!("/t/nord/recipients/{}{rest}", seal.recipient(self.anna))
    }

    /// What stands in Anna's columns.
    fn values(&self) -> Value {
        use diesel::prelude::*;
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Jsonb)]
            row: Value,
        }
        let sql = format!(
            "SELECT to_jsonb(r) AS row FROM t_{}.recipients r WHERE id = {}",
            self.nord.id, self.anna
        );
        let row: Row = diesel::sql_query(sql)
            .get_result(&mut self.app.db.as_provisioner())
            .unwrap();
        row.row
    }
}

/// A user's roles and single rights in `nord`, whatever they were.
fn place(w: &World, email: &str, roles: &[&str], rights: &[&str]) {
    let mut conn = w.app.db.as_provisioner();
    let user = by_email(&mut conn, email).unwrap().unwrap();
    set_place(&mut conn, user, w.nord.id(), |place| {
        place.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        place.rights = rights.iter().map(|right| (*right).to_owned()).collect();
    })
    .unwrap();
}

/// No secret in it, neither in the body nor in a header.
fn tells_nothing(answer: &Answer) {
    let all = format!("{}\n{}\n{}", answer.headers, answer.location, answer.body);
    for secret in SECRETS {
        let all = all.to_lowercase();
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}
