//! The whole policy on one page: every route and what it asks of its caller. The snapshot's diff is read in
//! review.

use mandant::access::gate::Requires;
use mandant::access::rights;
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
                let roles: Vec<_> = rights::ROLES
                    .iter()
                    .filter(|role| rights::keys_of_role(role).contains(&right.key))
                    .copied()
                    .collect();
                format!(
                    "{} ({}{inner}): {}",
                    right.key,
                    right.mode,
                    roles.join(", ")
                )
            }
        };
        writeln!(
            page,
            "{:<4} {:<48}{requires}{}",
            route.method.as_str(),
            route.path,
            if route.critical {
                ", who has just shown who he is"
            } else {
                ""
            }
        )
        .unwrap();
    }
    insta::assert_snapshot!(page);
}

/// What a user keeps for himself changes nothing of the tenant's; whoever may look may keep it.
const OWN_PREFERENCES: &[&str] = &["/t/{tenant}/recipients/columns", "/t/{tenant}/first-steps"];

#[test]
fn a_page_that_only_looks_changes_nothing() {
    for route in routes().table() {
        if route.method != "GET"
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
        if let Some(rest) = route.below_tenant().and_then(|rest| rest.strip_prefix('/')) {
            assert!(
                sections.contains(rest.split('/').next().unwrap()),
                "{}",
                route.path
            );
        }
    }
}

/// Rights that come before the page that asks for them. Only ever shrinks: an entry that is used fails.
const AWAITED: &[&str] = &[];

#[test]
fn every_right_is_asked_for() {
    let routes = routes();
    let sources = crate::i18n::texts("src", ".rs");
    for right in rights::ALL {
        let by_route = routes.table().iter().any(
            |route| matches!(route.requires, Requires::Right(asked) if asked.key == right.key),
        );
        let by_act = sources.contains(&format!("allows::<{}>", right.name));
        assert_eq!(
            by_route || by_act,
            !AWAITED.contains(&right.name),
            "{}: no route and no act asks for it, or it is awaited no longer",
            right.key
        );
    }
}
