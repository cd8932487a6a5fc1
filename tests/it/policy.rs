//! The whole policy on one page: every route and what it asks of its caller. The snapshot's diff is read in
//! review.

use mandant::access::gate::Requires;
use mandant::routes::routes;
use std::fmt::Write;

#[test]
fn every_route_and_its_right() {
    let mut page = String::new();
    for route in routes().table() {
        let requires = match route.requires {
            Requires::Nothing => "(anybody)".to_owned(),
            Requires::LogIn => "(logged in)".to_owned(),
            Requires::Right(right) => {
                let inner = if right.inner { ", inner too" } else { "" };
                format!("{} ({}{inner})", right.key, right.mode)
            }
        };
        writeln!(
            page,
            "{:<5}{:<48}{requires}",
            route.method.as_str(),
            route.path
        )
        .unwrap();
    }
    insta::assert_snapshot!(page);
}

/// What a user keeps for himself changes nothing of the tenant's; whoever may look may keep it.
const OWN_PREFERENCES: &[&str] = &["/t/{tenant}/recipients/columns"];

#[test]
fn a_page_that_only_looks_changes_nothing() {
    for route in routes().table() {
        if route.method == "POST"
            && !OWN_PREFERENCES.contains(&route.path.as_str())
            && let Requires::Right(right) = route.requires
        {
            assert_eq!(right.mode, "change", "{} {}", route.method, route.path);
        }
    }
}

#[test]
fn sections_are_words_no_inner_tenant_may_have() {
    let sections = routes().sections();
    for route in routes().table() {
        if let Some(rest) = route.path.strip_prefix("/t/{tenant}/") {
            assert!(
                sections.contains(rest.split('/').next().unwrap()),
                "{}",
                route.path
            );
        }
    }
}
