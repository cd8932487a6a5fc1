//! What is sent to each route: a line for each, with the ids that its query or form names.

use super::world::Ids;
use mandant::access::routes::RouteInfo;

/// What the `{id}` of a path names.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Tenant,
    Inner,
    User,
    Role,
    Package,
    Field,
    List,
    Recipient,
    Job,
    Import,
    Admission,
    Entry,
}

/// What goes along.
pub enum Body {
    Query(String),
    Form(Vec<(String, String)>),
    File(&'static str, &'static str),
}

/// What is sent to a route.
pub struct Case {
    /// What its path names.
    pub kind: Option<Kind>,
    pub body: Body,
    /// Whether query or form name things by id.
    pub names_ids: bool,
}

/// The case of a route, with these ids in its query or form; none for a route that nobody thought of.
pub fn case(route: &RouteInfo, ids: &Ids) -> Option<Case> {
    use Kind::*;
    let get = |query: String, kind| {
        Some(Case {
            kind,
            names_ids: !query.is_empty(),
            body: Body::Query(query),
        })
    };
    let page = |kind| get(String::new(), kind);
    let send = |kind, names_ids, pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        Some(Case {
            kind,
            names_ids,
            body: Body::Form(pairs.collect()),
        })
    };
    let (list, field, profile) = (
        ids.list.to_string(),
        ids.field.to_string(),
        ids.profile.to_string(),
    );
    let (seal, role) = (ids.of(Recipient), ids.role.to_string());
    let user_id = ids.of(User);
    let user = [
        ("name", "Carl"),
        ("email", ids.email),
        ("password", "correct horse battery"),
    ];
    let settings = [
        ("name", "Neu"),
        ("slug", "neu"),
        ("colour", "#334455"),
        ("locale", "en"),
        ("time_zone", "Europe/Berlin"),
        ("version", "1"),
    ];
    let path = route.path.strip_prefix("/t/{tenant}")?;
    match (route.method.as_str(), path) {
        (
            "GET",
            "" | "/fields" | "/lists" | "/imports" | "/users" | "/inner" | "/tenants"
            | "/admissions" | "/tenants/trash" | "/inner/trash" | "/users/export" | "/lists/export"
            | "/fields/export" | "/tenants/export" | "/inner/export",
        ) => page(None),
        (
            "GET",
            "/fields/new" | "/lists/new" | "/imports/new" | "/users/new" | "/inner/new"
            | "/tenants/new",
        ) => page(None),
        ("POST", "/first-steps") => send(None, false, &[]),
        ("GET", path) if path.starts_with("/tenants/{id}") => page(Some(Tenant)),
        ("GET", path) if path.starts_with("/inner/{id}") => page(Some(Inner)),
        ("POST", "/tenants/{id}/settings") => send(Some(Tenant), false, &settings),
        ("POST", "/inner/{id}/settings") => send(Some(Inner), false, &settings),
        ("POST", "/inner/{id}/status") => send(Some(Inner), false, &[("status", "locked")]),
        ("POST", "/inner/{id}/delete") => send(Some(Inner), false, &[("slug", ids.slug)]),
        ("POST", "/inner/{id}/restore") => send(Some(Inner), false, &[]),
        ("POST", "/tenants") => send(None, false, &[("name", ""), ("slug", "sued")]),
        ("POST", "/tenants/{id}/status") => send(Some(Tenant), false, &[("status", "locked")]),
        ("POST", "/tenants/{id}/delete") => send(Some(Tenant), false, &[("slug", ids.slug)]),
        ("POST", "/tenants/{id}/restore") => send(Some(Tenant), false, &[]),

        ("POST", "/inner") => send(
            None,
            true,
            &[
                ("name", "Neu"),
                ("slug", "neu"),
                ("lists", &list),
                ("colour", "#334455"),
            ],
        ),
        ("POST", "/inner/{id}/fence") => {
            let seen = format!("[ListId({list})]  ");
            send(
                Some(Inner),
                true,
                &[
                    ("lists", &list),
                    ("rule", ""),
                    ("version", "1"),
                    ("sure", "on"),
                    ("seen", &seen),
                ],
            )
        }

        ("GET", "/admissions/{id}") => page(Some(Admission)),
        ("POST", "/admissions/{id}/admit") => send(
            Some(Admission),
            true,
            &[("list", &list), ("status", "active"), ("consent", "ja")],
        ),
        ("POST", "/admissions/{id}/decline") => send(Some(Admission), false, &[]),

        (
            "GET",
            "/users/{id}"
            | "/users/{id}/edit"
            | "/users/{id}/password"
            | "/users/{id}/state"
            | "/users/{id}/roles"
            | "/users/{id}/why"
            | "/users/{id}/anonymise"
            | "/users/{id}/tokens"
            | "/users/{id}/tokens/{token}/revoke",
        ) => page(Some(User)),
        ("GET", "/audit" | "/audit/export") => get("user=zq&object=zq".into(), None),
        ("GET", "/audit/{id}") => page(Some(Entry)),
        ("GET", "/audit/retention") => page(None),
        ("POST", "/audit/retention") => send(None, false, &[("days", "400")]),
        ("POST", "/users/{id}/edit") => send(
            Some(User),
            false,
            &[
                ("name", "Neu"),
                ("email", "neu@example.org"),
                ("version", "1"),
            ],
        ),
        ("POST", "/users/{id}/password") => {
            send(Some(User), false, &[("password", "correct horse battery")])
        }
        ("POST", "/users/{id}/state") => send(Some(User), false, &[("state", "inactive")]),
        ("GET", "/users/{id}/second-factor") => page(Some(User)),
        ("POST", "/users/{id}/second-factor") => send(Some(User), false, &[]),
        ("POST", "/users/{id}/invitation" | "/users/{id}/invitation/withdraw") => {
            send(Some(User), false, &[])
        }
        ("POST", "/users/{id}/anonymise") => send(Some(User), false, &[("email", ids.email)]),
        ("POST", "/users/{id}/sessions/end") => send(Some(User), false, &[]),
        ("POST", "/users/{id}/tokens/{token}/revoke") => send(Some(User), false, &[]),
        ("POST", "/users") => send(None, true, &user),
        ("POST", "/users/{id}/roles") => send(
            Some(User),
            false,
            &[
                ("roles", "viewer"),
                ("rights", "lists.view"),
                ("version", "2"),
            ],
        ),

        ("GET", "/users/compare") => get(format!("one={user_id}&other={user_id}"), None),
        ("GET", "/users/matrix") => get(format!("column={user_id}&q=zq"), None),
        ("GET", "/users/bulk") => get(format!("act=deactivate&chosen={user_id}"), None),
        ("POST", "/users/bulk") => send(
            None,
            true,
            &[
                ("act", "take"),
                ("role_key", "editor"),
                ("chosen", &user_id),
            ],
        ),
        ("POST", "/users/matrix/check") => send(
            None,
            true,
            &[
                ("version", &format!("{user_id}:1")),
                ("cell", &format!("{user_id}:viewer")),
            ],
        ),
        ("POST", "/users/matrix") => {
            send(None, true, &[("change", &format!("{user_id}:1:+viewer"))])
        }

        ("GET", "/ceilings/compare") => get(
            format!("one={tenant}&other={tenant}", tenant = ids.tenant),
            None,
        ),
        ("GET", "/pending" | "/pending/critical") => page(None),
        ("POST", "/pending/confirm" | "/pending/decline") => {
            let place = ids.membership.to_string();
            send(None, true, &[("place", &place), ("right", "lists.view")])
        }
        (
            "POST",
            "/pending/critical" | "/pending/critical/confirm" | "/pending/critical/decline",
        ) => send(None, false, &[("rights", "no.right")]),
        ("GET", "/access-review" | "/access-review/report" | "/access-review/export") => {
            get("q=zq".into(), None)
        }
        ("GET", "/access-review/settings") => page(None),
        ("POST", "/access-review/settings") => send(None, false, &[("months", "0")]),
        ("POST", "/access-review/confirm" | "/access-review/ask" | "/access-review/withdraw") => {
            let chosen = format!("{}:2", ids.membership);
            send(None, true, &[("chosen", &chosen)])
        }
        ("GET", "/policy") => page(None),
        ("POST", "/policy") => send(None, false, &[("password_length", "9")]),
        ("GET", "/sign-on") => page(None),
        ("POST", "/sign-on" | "/sign-on/test") => send(
            None,
            true,
            &[
                ("issuer", "https://127.0.0.1:1"),
                ("emergency", ids.email),
                ("claim", "sub"),
                ("value", "*"),
                ("role", ids.role_key),
            ],
        ),
        ("GET", "/users/{id}/sign-on") => page(Some(User)),
        (
            "POST",
            "/users/{id}/sign-on" | "/users/{id}/sign-on/forbid" | "/users/{id}/sign-on/{link}/end",
        ) => send(Some(User), false, &[]),

        ("GET", "/ceilings" | "/ceilings/packages" | "/ceilings/packages/new") => page(None),
        ("GET", "/ceilings/matrix") => get(format!("column={}&q=zq", ids.tenant), None),
        ("GET", "/ceilings/{id}") => page(Some(Tenant)),
        ("GET", "/ceilings/packages/{id}") => page(Some(Package)),
        ("POST", "/tenants/{id}/enter") => send(Some(Tenant), false, &[]),
        ("POST", "/inner/{id}/enter") => send(Some(Inner), false, &[]),
        ("POST", "/users/{id}/see-as") => send(Some(User), false, &[]),
        ("POST", "/roles/{id}/see-as") => send(Some(Role), false, &[]),
        ("POST", "/ceilings/{id}" | "/ceilings/{id}/check") => send(
            Some(Tenant),
            false,
            &[
                ("limit", "some"),
                ("rights", "lists.view"),
                ("version", "1"),
            ],
        ),
        ("POST", "/ceilings/give") => send(
            None,
            true,
            &[
                ("tenant", &format!("{}:1", ids.tenant)),
                ("package", &ids.package.to_string()),
                ("sure", "on"),
            ],
        ),
        ("POST", "/ceilings/matrix/check") => send(
            None,
            true,
            &[
                ("column", &ids.tenant.to_string()),
                ("version", &format!("{}:1", ids.tenant)),
            ],
        ),
        ("POST", "/ceilings/matrix") => send(
            None,
            true,
            &[("change", &format!("{}:1:-lists.view", ids.tenant))],
        ),
        ("POST", "/ceilings/packages") => send(None, false, &[("name", "")]),
        ("POST", "/ceilings/packages/{id}") => {
            send(Some(Package), false, &[("name", "Neu"), ("version", "1")])
        }
        ("POST", "/ceilings/packages/{id}/delete") => send(Some(Package), false, &[]),

        ("GET", "/roles" | "/roles/export") => page(None),
        ("GET", "/roles/new") => get(format!("copy={role}"), None),
        ("GET", "/roles/compare") => get(format!("one={role}&other={role}"), None),
        ("GET", "/roles/matrix") => get(format!("column={role}&q=zq"), None),
        ("POST", "/roles/matrix/check") => send(
            None,
            true,
            &[
                ("column", &role),
                ("cell", &format!("{role}:lists.view")),
                ("version", &format!("{role}:1")),
            ],
        ),
        ("POST", "/roles/matrix") => {
            send(None, true, &[("change", &format!("{role}:1:+lists.view"))])
        }
        ("POST", "/roles") => send(None, true, &[("name", "Neu"), ("includes", ids.role_key)]),
        (
            "GET",
            "/roles/{id}"
            | "/roles/{id}/edit"
            | "/roles/{id}/delete"
            | "/roles/{id}/versions/{version}",
        ) => page(Some(Role)),
        ("POST", "/roles/{id}" | "/roles/{id}/check") => send(
            Some(Role),
            false,
            &[("name", "Neu"), ("rights", "lists.view"), ("version", "1")],
        ),
        ("POST", "/roles/{id}/delete") => send(Some(Role), false, &[("version", "1")]),
        ("POST", "/roles/{id}/versions/{version}") => send(Some(Role), false, &[("seen", "1")]),

        ("GET", "/fields/rights") => page(None),
        ("GET", "/fields/{id}/edit" | "/fields/{id}/delete" | "/fields/{id}/rights") => {
            page(Some(Field))
        }
        ("POST", "/fields/{id}/rights") => send(
            Some(Field),
            true,
            &[("version", "1"), (&format!("role_{role}"), "hidden")],
        ),
        ("POST", "/fields/new") => send(None, false, &[("key", "Nicht so"), ("type", "text")]),
        ("POST", "/fields/{id}/edit") => send(
            Some(Field),
            false,
            &[
                ("key", "neu"),
                ("type", "text"),
                ("label_en", "Neu"),
                ("version", "1"),
            ],
        ),
        ("POST", "/fields/{id}/delete") => {
            send(Some(Field), false, &[("version", "1"), ("sure", "on")])
        }

        ("GET", "/lists/{id}/edit" | "/lists/{id}/delete") => page(Some(List)),
        ("POST", "/lists/new") => send(None, false, &[("name", "")]),
        ("POST", "/lists/{id}/edit") => {
            send(Some(List), false, &[("name", "Neu"), ("version", "1")])
        }
        ("POST", "/lists/{id}/delete") => send(Some(List), false, &[]),

        (
            "GET",
            "/recipients" | "/recipients/count" | "/recipients/export" | "/recipients/columns",
        ) => get(
            format!("list={list}&status=active&q=zq&add_field={field}"),
            None,
        ),
        ("GET", "/recipients/bulk") => get(
            format!("act=subscribe&which=chosen&chosen={seal}&list={list}"),
            None,
        ),
        ("POST", "/recipients/columns") => send(None, true, &[("columns", &field)]),
        ("POST", "/recipients/bulk") => send(
            None,
            true,
            &[
                ("act", "subscribe"),
                ("which", "chosen"),
                ("chosen", &seal),
                ("list", &list),
                ("consent", "ja"),
            ],
        ),
        ("POST", "/recipients/bulk/delete") => send(
            None,
            true,
            &[("act", "delete"), ("which", "chosen"), ("chosen", &seal)],
        ),
        ("GET", "/recipients/new") => page(None),
        ("POST", "/recipients/new") => send(
            None,
            true,
            &[
                ("f1", "neu@example.org"),
                ("lists", &list),
                (&format!("f{field}"), "x"),
            ],
        ),
        ("GET", "/recipients/{id}" | "/recipients/{id}/edit" | "/recipients/{id}/delete") => {
            page(Some(Recipient))
        }
        ("POST", "/recipients/{id}/edit") => send(
            Some(Recipient),
            true,
            &[
                ("f1", "neu@example.org"),
                ("lists", &list),
                (&format!("f{field}"), "x"),
            ],
        ),
        ("POST", "/recipients/{id}/delete") => send(Some(Recipient), false, &[]),
        ("POST", "/recipients/{id}/subscriptions") => send(
            Some(Recipient),
            true,
            &[("list", &list), ("status", "active")],
        ),

        ("GET", "/jobs/{id}") => page(Some(Job)),
        ("POST", "/jobs/{id}/cancel") => send(Some(Job), false, &[]),

        ("GET", "/imports/{id}" | "/imports/{id}/mapping" | "/imports/{id}/errors") => {
            page(Some(Import))
        }
        ("POST", "/imports") => Some(Case {
            kind: None,
            names_ids: false,
            body: Body::File("leer.csv", ""),
        }),
        ("POST", "/imports/{id}/mapping") => send(
            Some(Import),
            true,
            &[
                ("mode", "upsert"),
                ("key", "1"),
                ("lists", &list),
                ("profile", &profile),
                ("column_0", "1"),
                ("column_1", &field),
                ("encoding", "UTF-8"),
                ("separator", ";"),
                ("header", "on"),
            ],
        ),
        ("POST", "/imports/{id}/run" | "/imports/{id}/cancel") => send(Some(Import), false, &[]),
        ("POST", "/imports/{id}/profile") => send(Some(Import), false, &[("name", "Neu")]),
        _ => None,
    }
}
