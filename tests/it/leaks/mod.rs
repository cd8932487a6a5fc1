//! Leaks: whoever asks for what is not his, by any route and any id, learns nothing and changes nothing.
//!
//! The routes are those of the policy table: a new one without a line in `cases` fails here. What must not
//! be seen carries marks that nothing else contains, and every answer, headers included, is searched for them.

mod api;
mod api_cases;
mod cases;
mod cli;
mod hidden;
mod world;

use crate::support::app::{Answer, Person};
use cases::{Body, Case, Kind, case};
use mandant::access::gate::Requires;
use mandant::access::rights::RightInfo;
use mandant::access::routes::RouteInfo;
use mandant::routes::routes;
use std::collections::BTreeSet;
use world::{Ids, World};

/// The pages and acts within tenants, with the right each asks for.
fn tenant_routes() -> Vec<(RouteInfo, &'static RightInfo)> {
    let routes = routes();
    let within = routes
        .table()
        .iter()
        .filter(|route| route.path.starts_with("/t/"));
    let asked = |route: &RouteInfo| match route.requires {
        Requires::Right(right) => right,
        _ => panic!("{} asks for no right", route.path),
    };
    within.map(|route| (route.clone(), asked(route))).collect()
}

/// Asks a route below `base`, with `path` ids in the path and the case's own in query and form.
fn ask(person: &Person, route: &RouteInfo, base: &str, path: &Ids, case: &Case) -> Answer {
    let id = case.kind.map(|kind| path.of(kind)).unwrap_or_default();
    let url = route
        .path
        .replacen("/t/{tenant}", base, 1)
        .replace("{id}", &id)
        .replace("{token}", "1")
        .replace("{link}", "1")
        .replace("{version}", "1");
    let mut answer = match &case.body {
        Body::Query(query) => person.get(&format!("{url}?{query}")),
        Body::Form(pairs) => {
            let pairs: Vec<(&str, &str)> = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            person.post(&url, &pairs)
        }
        Body::File(name, text) => person.upload(&url, name, text),
    };
    answer.asked = format!("{} {url}", route.method);
    answer
}

#[test]
fn every_route_of_the_policy_has_its_case() {
    let ids = Ids::default();
    for (route, _) in tenant_routes() {
        let found = case(&route, &ids);
        assert!(
            found.is_some(),
            "{} {}: a new route needs a line in cases.rs",
            route.method,
            route.path
        );
        let has_id = route.path.contains("{id}");
        assert_eq!(found.unwrap().kind.is_some(), has_id, "{}", route.path);
    }
}

#[test]
fn without_a_session_no_route_says_or_does_anything() {
    let (world, mut findings) = (World::new(), Findings::default());
    let before = world.all_rows();
    let visitor = world.app.visitor();
    visitor.get("/login");
    for (route, _) in tenant_routes() {
        for (base, ids) in [("/t/nord", &world.nord), ("/t/nord/x", &world.x)] {
            let answer = ask(&visitor, &route, base, ids, &case(&route, ids).unwrap());
            let to_log_in = answer.status == 303 && answer.location.starts_with("/login");
            let refused = to_log_in || matches!(answer.status, 401 | 403);
            findings.check(refused, &answer);
            findings.tells_nothing_of(&["zqrest", "zqx", "firma"], &answer);
        }
    }
    findings.none();
    unchanged(&before, &world.all_rows());
}

#[test]
fn another_tenants_url_does_not_exist() {
    let (world, mut findings) = (World::new(), Findings::default());
    let before = world.all_rows();
    let (nord, x) = (world.admin_of_nord(), world.admin_of_x());
    let foreign = [
        (&nord, "/t/sued", &world.sued),
        (&nord, "/t/main", &world.main),
        (&x, "/t/nord", &world.nord),
        (&x, "/t/nord/y", &world.y),
        (&x, "/t/sued", &world.sued),
        (&x, "/t/sued/x", &world.x),
    ];
    for (route, _) in tenant_routes() {
        for (person, base, ids) in foreign {
            let answer = ask(person, &route, base, ids, &case(&route, ids).unwrap());
            findings.check(answer.status == 404, &answer);
            findings.tells_nothing_of(&["zqsued", "zqmain", "zqy", "zqrest"], &answer);
        }
    }
    world.wait_for_jobs();
    findings.none();
    unchanged(&before, &world.all_rows());
}

#[test]
fn foreign_ids_in_the_path_do_not_exist() {
    let (world, mut findings) = (World::new(), Findings::default());
    let before = world.all_rows();
    let (nord, x) = (world.admin_of_nord(), world.admin_of_x());
    let tries = [
        (
            &nord,
            "/t/nord",
            vec![
                world.seen_from(&world.sued, "nord"),
                world.seen_from(&world.main, "nord"),
            ],
        ),
        (
            &x,
            "/t/nord/x",
            [&world.y, &world.nord, &world.sued]
                .map(|ids| world.seen_from(ids, "nord/x"))
                .to_vec(),
        ),
    ];
    for (route, _) in tenant_routes() {
        for (person, base, all) in &tries {
            for ids in all {
                let case = case(&route, ids).unwrap();
                // Fields and roles are the whole tenant's, its inner ones included.
                let shared = *base == "/t/nord/x"
                    && match case.kind {
                        Some(Kind::Field) => true,
                        Some(Kind::Role) => ids.role == world.nord.role,
                        _ => false,
                    };
                if case.kind.is_some() && !shared {
                    let answer = ask(person, &route, base, ids, &case);
                    findings.check(answer.status == 404, &answer);
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
fn foreign_ids_in_queries_and_forms_name_nothing() {
    let (world, mut findings) = (World::new(), Findings::default());
    let before = world.foreign_rows();
    let (nord, x) = (world.admin_of_nord(), world.admin_of_x());
    for (route, right) in tenant_routes() {
        for (person, base, own, foreign) in [
            (
                &nord,
                "/t/nord",
                &world.nord,
                world.seen_from(&world.sued, "nord"),
            ),
            (
                &nord,
                "/t/nord",
                &world.nord,
                world.seen_from(&world.main, "nord"),
            ),
            (
                &x,
                "/t/nord/x",
                &world.x,
                world.seen_from(&world.y, "nord/x"),
            ),
            (
                &x,
                "/t/nord/x",
                &world.x,
                world.seen_from(&world.nord, "nord/x"),
            ),
            (
                &x,
                "/t/nord/x",
                &world.x,
                world.seen_from(&world.sued, "nord/x"),
            ),
        ] {
            let case = case(&route, &foreign).unwrap();
            if !case.names_ids {
                continue;
            }
            let own = world.seen_from(own, base.trim_start_matches("/t/"));
            let answer = ask(person, &route, base, &own, &case);
            findings.check(answer.status < 500, &answer);
            if base == "/t/nord/x" {
                findings.check(right.inner || answer.status == 404, &answer);
                findings.tells_nothing_of(&["zqsued", "zqy", "zqrest"], &answer);
            } else {
                findings.tells_nothing_of(&["zqsued", "zqmain"], &answer);
            }
        }
    }
    world.wait_for_jobs();
    findings.none();
    unchanged(&before, &world.foreign_rows());
}

#[test]
fn a_viewer_is_refused_what_only_others_may_do() {
    let (world, mut findings) = (World::new(), Findings::default());
    let before = world.all_rows();
    let (nord, x) = (world.viewer_of_nord(), world.viewer_of_x());
    for (route, right) in tenant_routes() {
        if right.roles.contains(&"viewer") {
            continue;
        }
        for (person, base, ids) in [(&nord, "/t/nord", &world.nord), (&x, "/t/nord/x", &world.x)] {
            let own = world.seen_from(ids, base.trim_start_matches("/t/"));
            let answer = ask(person, &route, base, &own, &case(&route, &own).unwrap());
            let wanted = if base == "/t/nord/x" && !right.inner {
                404
            } else {
                403
            };
            findings.check(answer.status == wanted, &answer);
            findings.tells_nothing_of(&["zqx", "zqrest"], &answer);
            if wanted == 403 {
                // It says which right lacks.
                findings.check(answer.body.contains(right.en.0), &answer);
            }
        }
    }
    findings.none();
    unchanged(&before, &world.all_rows());
}

#[test]
fn what_one_may_see_is_shown_so_that_the_marks_are_not_missed_for_nothing() {
    let world = World::new();
    let (nord, x) = (world.admin_of_nord(), world.admin_of_x());
    for (person, base, mark) in [(&nord, "/t/nord", "zqrest"), (&x, "/t/nord/x", "zqx")] {
        for page in ["lists", "recipients", "imports", "users"] {
            let answer = person.get(&format!("{base}/{page}"));
            assert!(
                answer.body.to_lowercase().contains(mark),
                "{page} lacks {mark}"
            );
        }
    }
}

/// The same rows, or those that differ.
fn unchanged(before: &BTreeSet<String>, after: &BTreeSet<String>) {
    let differences: Vec<_> = before.symmetric_difference(after).collect();
    assert!(differences.is_empty(), "{differences:#?}");
}

/// What was found amiss; all of it is told at the end, not the first alone.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn check(&mut self, holds: bool, answer: &Answer) {
        if !holds {
            let title = answer.texts("title").join("");
            self.0
                .push(format!("{}: {} {title}", answer.asked, answer.status));
        }
    }

    /// No byte of it: neither in the body nor in a header.
    fn tells_nothing_of(&mut self, marks: &[&str], answer: &Answer) {
        let all = format!("{}\n{}", answer.headers, answer.body).to_lowercase();
        for mark in marks {
            if let Some(at) = all.find(mark) {
                let from = all.floor_char_boundary(at.saturating_sub(100));
                let to = all.ceil_char_boundary((at + 50).min(all.len()));
                self.0
                    .push(format!("{} tells …{}…", answer.asked, &all[from..to]));
            }
        }
    }

    fn none(&self) {
        assert!(self.0.is_empty(), "\n{}", self.0.join("\n"));
    }
}
