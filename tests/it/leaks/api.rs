//! The same for programs: whatever token asks for what is not its tenant's, by any route of the API and any
//! id, learns nothing and changes nothing.

use super::api_cases::{Body, Case, case};
use super::cases::Kind;
use super::world::{Ids, World};
use super::{Findings, unchanged};
use crate::support::app::Answer;
use crate::support::program::{Program, Reply};
use mandant::access::gate::Requires;
use mandant::access::rights::RightInfo;
use mandant::access::routes::RouteInfo;
use mandant::routes::routes;

/// The routes of the API within tenants, with the right each asks for.
fn api_routes() -> Vec<(RouteInfo, &'static RightInfo)> {
    let routes = routes();
    let within = routes
        .table()
        .iter()
        .filter(|route| route.path.starts_with("/api/v1/t/"));
    let asked = |route: &RouteInfo| match route.requires {
        Requires::Right(right) => right,
        _ => panic!("{} asks for no right", route.path),
    };
    within.map(|route| (route.clone(), asked(route))).collect()
}

/// Asks a route of the program's tenant, with `path` ids in the path and the case's own elsewhere: `other` is
/// the list that the end of a path names.
fn ask(program: &Program, route: &RouteInfo, path: &Ids, other: &Ids, case: &Case) -> Answer {
    let id = case.kind.map(|kind| path.of(kind)).unwrap_or_default();
    let below = route.path.trim_start_matches("/api/v1/t/{tenant}");
    let mut url = below
        .replace("{id}", &id)
        .replace("{list}", &other.list.to_string());
    if !case.query.is_empty() {
        url = format!("{url}?{}", case.query);
    }
    let method = route.method.as_str();
    let reply = match &case.body {
        Body::Nothing => program.run(method, &url, "", ""),
        Body::Json(body) => program.send(method, &url, body.clone()),
        Body::File(settings) => {
            let body = format!(
                "--x\r\nContent-Disposition: form-data; name=\"settings\"\r\n\r\n{settings}\r\n--x\r\n\
                 Content-Disposition: form-data; name=\"file\"; filename=\"neu.csv\"\r\n\r\nemail\nneu@example.org\n\r\n--x--\r\n"
            );
            program.run(method, &url, "multipart/form-data; boundary=x", &body)
        }
    };
    answer(reply, format!("{method} {}{url}", program.base))
}

/// What the API answers by every route about the caller's own things: looks first, then acts. Imports come
/// last: what was deleted is cut out of files as long as none is at work, else a minute later.
pub(super) fn all_own(world: &World, program: &Program, own: &Ids) -> Vec<Answer> {
    let mut routes = api_routes();
    let of_imports = |route: &RouteInfo| route.path.contains("/imports");
    routes.sort_by_key(|(route, _)| (route.method != "GET", of_imports(route)));
    let mut answers = Vec::new();
    for (route, _) in &routes {
        if route.method != "GET" && of_imports(route) {
            world.wait_for_jobs();
        }
        let case = case(route, own).unwrap();
        answers.push(ask(program, route, own, own, &case));
    }
    answers
}

/// What inner tenants do not have is not there, whoever asks: neither the path nor, on a path that they do
/// have, the method.
fn is_absent(answer: &Answer) -> bool {
    matches!(answer.status, 404 | 405)
}

fn answer(reply: Reply, asked: String) -> Answer {
    let headers = reply.headers.iter();
    Answer {
        status: reply.status,
        location: String::new(),
        headers: headers
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect(),
        body: reply.text,
        asked,
    }
}

#[test]
fn every_api_route_of_the_policy_has_its_case() {
    let (ids, all) = (Ids::default(), api_routes());
    assert!(all.len() > 40, "the API's routes are not seen");
    for (route, _) in all {
        let found = case(&route, &ids);
        assert!(
            found.is_some(),
            "{} {}: a new route needs a line in api_cases.rs",
            route.method,
            route.path
        );
        let has_id = route.path.contains("{id}");
        assert_eq!(found.unwrap().kind.is_some(), has_id, "{}", route.path);
    }
}

#[test]
fn without_a_token_or_with_anothers_no_api_route_says_or_does_anything() {
    let (world, mut findings) = (World::new(), Findings::default());
    let before = world.all_rows();
    let nord = world.program("nord-admin@example.org", "nord");
    let x = world.program("x-admin@example.org", "nord/x");
    let nobody = |path: &str| {
        let mut program = nord.at(path);
        program.authorization.clear();
        program
    };
    let tries = [
        (nobody("nord"), &world.nord, 401),
        (nobody("nord/x"), &world.x, 401),
        (nobody("nowhere"), &world.nord, 401),
        (nord.at("sued"), &world.sued, 404),
        (nord.at("main"), &world.main, 404),
        (nord.at("nordkind"), &world.nord, 404),
        (nord.at("nord/x"), &world.x, 404),
        (x.at("nord"), &world.nord, 404),
        (x.at("nord/y"), &world.y, 404),
        (x.at("sued"), &world.sued, 404),
        (x.at("sued/x"), &world.x, 404),
    ];
    for (route, right) in api_routes() {
        for (program, ids, wanted) in &tries {
            let answer = ask(program, &route, ids, ids, &case(&route, ids).unwrap());
            let inner = program.base.rsplit("/t/").next().unwrap().contains('/');
            let absent = inner && !right.inner && is_absent(&answer);
            findings.check(absent || answer.status == *wanted, &answer);
            findings.tells_nothing_of(&["zqsued", "zqmain", "zqx", "zqy", "zqrest"], &answer);
        }
    }
    world.wait_for_jobs();
    findings.none();
    unchanged(&before, &world.all_rows());
}

#[test]
fn foreign_ids_in_the_apis_paths_do_not_exist() {
    let (world, mut findings) = (World::new(), Findings::default());
    let before = world.all_rows();
    let nord = world.program("nord-admin@example.org", "nord");
    let x = world.program("x-admin@example.org", "nord/x");
    let seen = |all: &[&Ids], path: &str| -> Vec<Ids> {
        all.iter().map(|ids| world.seen_from(ids, path)).collect()
    };
    let tries = [
        (&nord, false, seen(&[&world.sued, &world.main], "nord")),
        (
            &x,
            true,
            seen(&[&world.y, &world.nord, &world.sued], "nord/x"),
        ),
    ];
    for (route, right) in api_routes() {
        for (program, inner, all) in &tries {
            for ids in all {
                let case = case(&route, ids).unwrap();
                // Fields and roles are the whole tenant's, its inner ones included.
                let shared = *inner
                    && right.inner
                    && match case.kind {
                        Some(Kind::Field) => true,
                        Some(Kind::Role) => ids.role == world.nord.role,
                        _ => false,
                    };
                if case.kind.is_some() && !shared {
                    let answer = ask(program, &route, ids, ids, &case);
                    let absent = *inner && !right.inner && is_absent(&answer);
                    findings.check(absent || answer.status == 404, &answer);
                    findings.tells_nothing_of(&["zqsued", "zqmain", "zqy", "zqrest"], &answer);
                }
            }
        }
    }
    world.wait_for_jobs();
    findings.none();
    unchanged(&before, &world.all_rows());
}

#[test]
fn foreign_ids_in_the_apis_queries_and_bodies_name_nothing() {
    let (world, mut findings) = (World::new(), Findings::default());
    let before = world.foreign_rows();
    let nord = world.program("nord-admin@example.org", "nord");
    let x = world.program("x-admin@example.org", "nord/x");
    let tries = [
        (&nord, "nord", &world.nord, &world.sued),
        (&nord, "nord", &world.nord, &world.main),
        (&x, "nord/x", &world.x, &world.y),
        (&x, "nord/x", &world.x, &world.nord),
        (&x, "nord/x", &world.x, &world.sued),
    ];
    for (route, right) in api_routes() {
        for (program, path, own, foreign) in tries {
            let case = case(&route, foreign).unwrap();
            if !case.names_ids {
                continue;
            }
            let (own, inner) = (world.seen_from(own, path), path.contains('/'));
            let mut answer = ask(program, &route, &own, foreign, &case);
            findings.check(answer.status < 500, &answer);
            findings.check(right.inner || !inner || is_absent(&answer), &answer);
            if route.path.ends_with("/users") {
                // He has a place here now; of him the name is shown, and of where he is at home nothing.
                let name = answer.body.to_lowercase();
                let name = name.split("\"name\":\"").nth(1).unwrap_or_default();
                let name = format!("\"name\":\"{}\"", name.split('"').next().unwrap());
                findings.check(!inner || answer.status == 201, &answer);
                answer.body = answer.body.to_lowercase().replace(&name, "");
            }
            let marks: &[&str] = if inner {
                &["zqsued", "zqy", "zqrest"]
            } else {
                &["zqsued", "zqmain"]
            };
            findings.tells_nothing_of(marks, &answer);
        }
    }
    world.wait_for_jobs();
    findings.none();
    unchanged(&before, &memberships_apart(&world));
}

/// The foreign rows, without the places that the users who were named got in `nord` and `x`.
fn memberships_apart(world: &World) -> std::collections::BTreeSet<String> {
    let mut rows = world.foreign_rows();
    let places = [
        world.app.db.tenant("nord").id,
        world.app.db.tenant("nord/x").id,
    ];
    let (mut gone, named) = (
        Vec::new(),
        [&world.sued, &world.main, &world.y, &world.nord],
    );
    rows.retain(|line| {
        let (table, row) = line.split_once(' ').unwrap();
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        let is = |name: &str, ids: &[i32]| ids.iter().any(|id| row[name] == *id);
        let new = table == "control.memberships"
            && is("tenant_id", &places)
            && is("user_id", &named.map(|ids| ids.user))
            && !(is("tenant_id", &places[..1]) && is("user_id", &[world.nord.user]));
        if new {
            gone.push(row["id"].clone());
        }
        !new
    });
    rows.retain(|line| {
        let row = line.strip_prefix("control.membership_roles ");
        let row = row.map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap());
        row.is_none_or(|row| !gone.contains(&row["membership_id"]))
    });
    rows
}

#[test]
fn a_viewers_token_is_refused_what_only_others_may_do() {
    let (world, mut findings) = (World::new(), Findings::default());
    let before = world.all_rows();
    let nord = world.program("nord-viewer@example.org", "nord");
    let x = world.program("x-viewer@example.org", "nord/x");
    for (route, right) in api_routes() {
        if right.roles.contains(&"viewer") {
            continue;
        }
        for (program, path, ids) in [(&nord, "nord", &world.nord), (&x, "nord/x", &world.x)] {
            let own = world.seen_from(ids, path);
            let answer = ask(program, &route, &own, &own, &case(&route, &own).unwrap());
            let absent = path == "nord/x" && !right.inner && is_absent(&answer);
            findings.check(absent || answer.status == 403, &answer);
            findings.tells_nothing_of(&["zqx", "zqrest"], &answer);
            if !absent {
                // It says which right lacks.
                findings.check(answer.body.contains(right.en.0), &answer);
            }
        }
    }
    world.wait_for_jobs();
    findings.none();
    unchanged(&before, &world.all_rows());
}

#[test]
fn what_a_token_may_see_is_shown_so_that_the_marks_are_not_missed_for_nothing() {
    let world = World::new();
    for (email, path, mark) in [
        ("nord-admin@example.org", "nord", "zqrest"),
        ("x-admin@example.org", "nord/x", "zqx"),
    ] {
        let program = world.program(email, path);
        for resource in ["lists", "recipients", "imports", "users"] {
            let reply = program.get(&format!("/{resource}"));
            assert!(
                reply.text.to_lowercase().contains(mark),
                "{resource} lacks {mark}"
            );
        }
    }
}
