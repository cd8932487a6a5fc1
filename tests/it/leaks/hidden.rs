//! What a field hides from a role: whoever holds that role alone is told it by no route, whatever else he may.

use super::world::World;
use super::{Findings, api, ask, case, tenant_routes};
use crate::support::count;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use mandant::access::rights;
use mandant::access::system::provision;
use mandant::control::audit::Actor;
use mandant::db::Viewer;
use mandant::db::ids::FieldId;
use mandant::db::schema::tenant::fields;
use mandant::tenant::fields::rights::SetRights;
use mandant::tenant::fields::seen::Mode;

/// What stands in the hidden field and in the masked one, and in nothing else.
const MARK: &str = "zqgeheim";
/// The standard field that is masked.
const SALUTATION: i32 = 2;

/// A role with every right, its holders in `nord` and in `x`, and the mark wherever values are kept.
fn plant(world: &World) {
    let db = &world.app.db;
    let nord = db.tenant("nord");
    let keys: Vec<_> = rights::ALL
        .iter()
        .map(|right| format!("('{}')", right.key))
        .collect();
    let role = format!(
        "WITH made AS (INSERT INTO roles (key, tenant_id, name) VALUES ('alles', {}, 'Alles') RETURNING id),
            held AS (INSERT INTO role_rights (role_id, right_key) SELECT id, k FROM made, (VALUES {}) v (k))
         SELECT id::bigint AS n FROM made",
        nord.id,
        keys.join(", ")
    );
    let role = count(&mut db.as_provisioner(), &role) as i32;
    for path in ["nord", "nord/x"] {
        world.app.member("alle@example.org", path, "alles");
    }
    for (field, mode) in [(world.nord.field, Mode::Hidden), (SALUTATION, Mode::Masked)] {
        let id = FieldId(field);
        let version = db.look_as(nord.scope(), |conn| {
            Ok(fields::table
                .find(id)
                .select(fields::version)
                .first(conn.pg())?)
        });
        let order = SetRights {
            actor: Actor::cli(),
            viewer: Viewer::Operator,
            tenant: nord.id(),
            id,
            version: version.unwrap(),
            rights: [(role, Some(mode))].into(),
        };
        provision(&db.app, order).unwrap();
    }
    let field = world.nord.field;
    let mapping = serde_json::json!({ "mapping": [
        { "column": "email", "field": 1 }, { "column": "name", "field": field },
    ]});
    // Twice, so that the history has it as old and as new.
    let sql = format!(
        "UPDATE t_{0}.fields SET historised = true WHERE id = {field};
         UPDATE t_{0}.recipients SET f{field} = '{MARK} old', salutation = '{MARK} old';
         UPDATE t_{0}.recipients SET f{field} = '{MARK} new', salutation = '{MARK} new';
         UPDATE t_{0}.imports SET settings = '{mapping}';
         UPDATE t_{0}.admissions SET data = '{{\"f{field}\": \"{MARK}\", \"salutation\": \"{MARK}\"}}';",
        nord.id
    );
    db.as_provisioner().batch_execute(&sql).unwrap();
    for path in ["nord", "nord/x"] {
        let folder = db.files().join(format!("t_{}/uploads", db.tenant(path).id));
        for file in ["errors", "upload"] {
            std::fs::write(
                folder.join(file),
                format!("email;name\na@b.example;{MARK}\n"),
            )
            .unwrap();
        }
    }
}

#[test]
fn nobody_is_told_what_a_field_hides_from_his_role() {
    let (world, mut findings) = (World::new(), Findings::default());
    plant(&world);
    let alle = world.app.visitor();
    alle.log_in("alle@example.org");
    let mut routes = tenant_routes();
    // Looks first, then acts; looking as somebody else would end these.
    routes.sort_by_key(|(route, _)| (route.method != "GET", route.path.ends_with("see-as")));
    for (base, ids) in [("/t/nord", &world.nord), ("/t/nord/x", &world.x)] {
        let own = world.seen_from(ids, base.trim_start_matches("/t/"));
        for (route, _) in &routes {
            let answer = ask(&alle, route, base, &own, &case(route, &own).unwrap());
            findings.check(answer.status < 500, &answer);
            findings.tells_nothing_of(&[MARK], &answer);
        }
        for query in [
            "q=zqgeheim",
            "sort=salutation",
            "rule=salutation+contains+'zqgeheim'",
        ] {
            let asked = alle.get(&format!("{base}/recipients?{query}"));
            let rows = asked.texts("tbody tr").join("\n");
            findings.check(!rows.contains('@') || query.starts_with("sort"), &asked);
        }
    }
    world.wait_for_jobs();
    findings.none();
}

#[test]
fn no_program_is_told_what_a_field_hides_from_its_users_role() {
    let (world, mut findings) = (World::new(), Findings::default());
    plant(&world);
    for (path, ids) in [("nord", &world.nord), ("nord/x", &world.x)] {
        let program = world.program("alle@example.org", path);
        let own = world.seen_from(ids, path);
        for answer in api::all_own(&world, &program, &own) {
            findings.check(answer.status < 500, &answer);
            findings.tells_nothing_of(&[MARK], &answer);
        }
    }
    world.wait_for_jobs();
    findings.none();
}

#[test]
fn the_mark_is_there_for_who_may_see_it() {
    let world = World::new();
    plant(&world);
    let nora = world.admin_of_nord();
    let own = world.seen_from(&world.nord, "nord");
    let (recipient, import) = (own.sealed, own.import);
    for page in [
        format!("recipients/{recipient}"),
        format!("recipients/{recipient}/edit"),
        "recipients/export".to_owned(),
        format!("imports/{import}/mapping"),
        format!("imports/{import}/errors"),
        format!("admissions/{}", own.admission),
    ] {
        let answer = nora.get(&format!("/t/nord/{page}"));
        assert!(answer.body.contains(MARK), "{page}: {}", answer.body);
    }
}
