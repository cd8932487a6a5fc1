//! What is sent to each route of the API: a line for each, with the ids that its query or body names.

use super::cases::Kind;
use super::world::Ids;
use mandant::access::routes::RouteInfo;
use serde_json::{Value, json};

/// What goes along.
pub enum Body {
    Nothing,
    Json(Value),
    /// A file with these settings.
    File(Value),
}

/// What is sent to a route.
pub struct Case {
    /// What its path names.
    pub kind: Option<Kind>,
    pub query: String,
    pub body: Body,
    /// Whether query, body or a second place of the path name things by id.
    pub names_ids: bool,
}

/// The case of a route, with these ids in its query or body; none for a route that nobody thought of.
pub fn case(route: &RouteInfo, ids: &Ids) -> Option<Case> {
    use Kind::*;
    let look = |kind, query: &str| {
        Some(Case {
            kind,
            names_ids: !query.is_empty(),
            query: query.to_owned(),
            body: Body::Nothing,
        })
    };
    let send = |kind, names_ids, body: Value| {
        Some(Case {
            kind,
            names_ids,
            query: String::new(),
            body: Body::Json(body),
        })
    };
    let status = || json!({ "status": "locked" });
    let path = route.path.strip_prefix("/api/v1/t/{tenant}")?;
    match (route.method.as_str(), path) {
        ("GET", "" | "/tenants" | "/inner" | "/users" | "/roles" | "/fields" | "/lists") => {
            look(None, "")
        }
        ("GET", "/imports") => look(None, &format!("after={}", ids.import + 1)),
        ("GET", "/recipients" | "/recipients/count") => {
            look(None, &format!("list={}&status=active&q=zq", ids.list))
        }

        ("GET", "/tenants/{id}") => look(Some(Tenant), ""),
        ("POST", "/tenants") => send(None, false, json!({ "name": "", "slug": "sued" })),
        ("PUT", "/tenants/{id}/status") => send(Some(Tenant), false, status()),
        ("DELETE", "/tenants/{id}") => look(Some(Tenant), ""),
        ("POST", "/tenants/{id}/restore") => look(Some(Tenant), ""),

        ("GET", "/inner/{id}") => look(Some(Inner), ""),
        ("POST", "/inner") => {
            let fence = json!({ "lists": [ids.list] });
            send(
                None,
                true,
                json!({ "name": "Neu", "slug": "neu", "fence": fence }),
            )
        }
        ("PUT", "/inner/{id}/fence") => {
            let fence = json!({ "lists": [ids.list] });
            send(
                Some(Inner),
                true,
                json!({ "version": 1, "fence": fence, "moves_allowed": true }),
            )
        }
        ("PUT", "/inner/{id}/status") => send(Some(Inner), false, status()),
        ("DELETE", "/inner/{id}") => look(Some(Inner), ""),
        ("POST", "/inner/{id}/restore") => look(Some(Inner), ""),

        ("GET" | "DELETE", "/users/{id}") | ("GET", "/users/{id}/place") => look(Some(User), ""),
        ("PUT", "/users/{id}/place") => send(
            Some(User),
            false,
            json!({ "roles": ["viewer"], "rights": ["lists.view"], "version": 2 }),
        ),

        ("GET", "/ceilings" | "/ceilings/packages") => look(None, ""),
        ("GET", "/ceilings/{id}") => look(Some(Tenant), ""),
        ("PUT", "/ceilings/{id}") => send(
            Some(Tenant),
            false,
            json!({ "rights": ["lists.view"], "version": 1 }),
        ),
        ("POST", "/ceilings/give") => {
            let tenants = json!([{ "id": ids.tenant, "version": 1 }]);
            send(
                None,
                true,
                json!({ "package": ids.package, "tenants": tenants }),
            )
        }
        ("POST", "/ceilings/packages") => send(None, false, json!({ "name": "", "rights": [] })),
        ("GET" | "DELETE", "/ceilings/packages/{id}") => look(Some(Package), ""),
        ("PUT", "/ceilings/packages/{id}") => send(
            Some(Package),
            false,
            json!({ "name": "Neu", "rights": ["lists.view"], "version": 1 }),
        ),

        ("GET", "/roles/{id}") => look(Some(Role), ""),
        ("POST", "/roles") => send(
            None,
            true,
            json!({ "name": "Neu", "includes": [ids.role_key] }),
        ),
        ("PUT", "/roles/{id}") => send(
            Some(Role),
            false,
            json!({ "name": "Neu", "rights": ["lists.view"], "includes": [], "version": 1 }),
        ),
        ("POST", "/roles/{id}/copy") => send(Some(Role), false, json!({ "name": "Kopie" })),
        ("DELETE", "/roles/{id}") => seen(Role),

        ("POST", "/users") => send(
            None,
            true,
            json!({ "email": ids.email, "name": "Carl", "password": "correct horse battery", "roles": ["viewer"] }),
        ),
        ("PUT", "/users/{id}/roles") => send(Some(User), false, json!({ "roles": ["viewer"] })),

        ("GET", "/fields/{id}" | "/fields/{id}/rights") => look(Some(Field), ""),
        ("PUT", "/fields/{id}/rights") => {
            send(Some(Field), false, json!({ "roles": {}, "version": 1 }))
        }
        ("POST", "/fields") => send(None, false, json!({ "key": "Nicht so", "type": "text" })),
        ("PUT", "/fields/{id}") => send(
            Some(Field),
            false,
            json!({ "key": "neu", "type": "text", "version": 1 }),
        ),
        ("DELETE", "/fields/{id}") => seen(Field),

        ("GET", "/lists/{id}") => look(Some(List), ""),
        ("POST", "/lists") => send(None, false, json!({ "name": "" })),
        ("PUT", "/lists/{id}") => send(Some(List), false, json!({ "name": "Neu", "version": 1 })),
        ("DELETE", "/lists/{id}") => seen(List),

        ("POST", "/recipients") => {
            let fields = json!({ "email": "neu@example.org" });
            send(None, true, json!({ "fields": fields, "lists": [ids.list] }))
        }
        ("POST", "/recipients/bulk") => send(
            None,
            true,
            json!({ "rows": [{ "email": "neu@example.org" }], "lists": [ids.list] }),
        ),
        ("GET" | "DELETE", "/recipients/{id}") => look(Some(Recipient), ""),
        ("PATCH", "/recipients/{id}") => send(
            Some(Recipient),
            false,
            json!({ "fields": { "first_name": "Neu" } }),
        ),
        ("GET", "/recipients/{id}/subscriptions") => look(Some(Recipient), ""),
        ("PUT", "/recipients/{id}/subscriptions/{list}") => {
            send(Some(Recipient), true, json!({ "status": "active" }))
        }

        ("GET", "/imports/{id}" | "/imports/{id}/errors") => look(Some(Import), ""),
        ("POST", "/imports/{id}/run" | "/imports/{id}/cancel") => look(Some(Import), ""),
        ("POST", "/imports") => Some(Case {
            kind: None,
            names_ids: true,
            query: String::new(),
            body: Body::File(json!({ "lists": [ids.list] })),
        }),
        _ => None,
    }
}

/// What goes only with the version that was seen.
fn seen(kind: Kind) -> Option<Case> {
    Some(Case {
        kind: Some(kind),
        query: "version=1".into(),
        body: Body::Nothing,
        names_ids: false,
    })
}
