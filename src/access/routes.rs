//! Every route goes in here, and only with a handler whose first parameter is a gate. What was put in is
//! the printed policy table.

use super::gate::{Gate, Requires};
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, HttpRequest, Responder, guard, web};
use std::collections::BTreeMap;

/// A handler's parameters, the first of which is a gate.
#[diagnostic::on_unimplemented(
    message = "this handler does not say who may call it",
    note = "make its first parameter `Access<SomeRight>`, `ControlAccess<SomeRight>`, `LoggedIn` or `Anonymous`"
)]
pub trait Gated {
    /// The first parameter.
    type Gate: Gate;
}

macro_rules! gated {
    ($($t:ident)*) => { impl<G: Gate, $($t),*> Gated for (G, $($t,)*) { type Gate = G; } };
}
gated!();
gated!(A);
gated!(A B);
gated!(A B C);
gated!(A B C D);
gated!(A B C D E);

/// A row of the policy table.
#[derive(Clone, Debug)]
pub struct RouteInfo {
    /// GET or POST; in the API also PUT, PATCH and DELETE.
    pub method: Method,
    /// As registered; a tenant's routes begin with `/t/{tenant}`.
    pub path: String,
    /// What it asks of its caller.
    pub requires: Requires,
    /// Whether whoever is logged in must have shown lately who he is.
    pub critical: bool,
}

/// What the API's paths begin with.
pub const API: &str = "/api/v1";

impl RouteInfo {
    /// Whether it is the API's.
    pub fn is_api(&self) -> bool {
        self.path.starts_with(API)
    }

    /// What stands behind the tenant in the path; none where the path names no tenant.
    pub fn below_tenant(&self) -> Option<&str> {
        below_tenant(&self.path)
    }
}

fn below_tenant(path: &str) -> Option<&str> {
    path.strip_prefix(API)
        .unwrap_or(path)
        .strip_prefix("/t/{tenant}")
}

type Add = Box<dyn FnOnce(&mut web::ServiceConfig)>;

/// Collects routes.
#[derive(Default)]
pub struct Routes {
    table: Vec<RouteInfo>,
    critical: bool,
    bare: Vec<Add>,
    plain: Vec<Add>,
    inner: Vec<Add>,
    api: Vec<(String, Add)>,
    api_inner: Vec<(String, Add)>,
}

impl Routes {
    /// What these add asks whoever is logged in to have shown lately who he is: an open session that somebody
    /// finds is no ground for it. A page is asked for before its form is filled in.
    pub fn critical(&mut self, add: impl FnOnce(&mut Self)) {
        self.critical = true;
        add(self);
        self.critical = false;
    }

    /// A page.
    pub fn get<F, Args>(&mut self, path: &str, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + Gated + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::GET, path, handler);
    }

    /// An act.
    pub fn post<F, Args>(&mut self, path: &str, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + Gated + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::POST, path, handler);
    }

    /// An act of the API that puts a thing in another state.
    pub fn put<F, Args>(&mut self, path: &str, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + Gated + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::PUT, path, handler);
    }

    /// An act of the API that changes a part of a thing.
    pub fn patch<F, Args>(&mut self, path: &str, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + Gated + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::PATCH, path, handler);
    }

    /// An act of the API that takes a thing away.
    pub fn delete<F, Args>(&mut self, path: &str, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + Gated + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::DELETE, path, handler);
    }

    /// A tenant's route, `/t/{tenant}/…`, serves `/t/{tenant}/{inner}/…` as well: the gate answers 404
    /// there if the right does not exist in inner tenants.
    fn route<F, Args>(&mut self, method: Method, path: &str, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + Gated + 'static,
        F::Output: Responder + 'static,
    {
        self.table.push(RouteInfo {
            method: method.clone(),
            path: path.to_owned(),
            requires: <Args::Gate as Gate>::requires(),
            critical: self.critical,
        });
        let twin = |mounted: &str| mounted.replacen("{tenant}", "{tenant}/{inner}", 1);
        let has_twin = below_tenant(path).is_some();
        // The API's are mounted below `/api`.
        if let Some(mounted) = path.strip_prefix("/api") {
            if has_twin && <Args::Gate as Gate>::requires().in_inner() {
                let twin = twin(mounted);
                let add = add(method.clone(), twin.clone(), handler.clone());
                self.api_inner.push((twin, add));
            }
            let add = add(method, mounted.to_owned(), handler);
            self.api.push((mounted.to_owned(), add));
            return;
        }
        if has_twin {
            self.inner
                .push(add(method.clone(), twin(path), handler.clone()));
        }
        let into = if needs_no_session(path) {
            &mut self.bare
        } else {
            &mut self.plain
        };
        into.push(add(method, path.to_owned(), handler));
    }

    /// The policy table.
    pub fn table(&self) -> &[RouteInfo] {
        &self.table
    }

    /// Method and path of what is critical.
    pub fn critical_ones(&self) -> std::collections::BTreeSet<(String, String)> {
        let named = |route: &RouteInfo| (route.method.to_string(), route.path.clone());
        let all = self.table.iter().filter(|route| route.critical);
        all.map(named).collect()
    }

    /// The first words below a tenant: no inner tenant may be called so.
    pub fn sections(&self) -> std::collections::BTreeSet<String> {
        self.table
            .iter()
            .filter_map(|route| route.below_tenant()?.strip_prefix('/'))
            .filter_map(|rest| rest.split('/').next())
            .filter(|word| !word.is_empty() && !word.starts_with('{'))
            .map(str::to_owned)
            .collect()
    }

    /// The routes for actix: those that need no session (files, health), the pages, and the API's. All
    /// plain ones come before inner tenants', so that a section's name is never taken for an inner tenant's.
    pub fn split(
        self,
    ) -> (
        impl FnOnce(&mut web::ServiceConfig),
        impl FnOnce(&mut web::ServiceConfig),
        impl FnOnce(&mut web::ServiceConfig),
    ) {
        let put = |all: Vec<Add>| {
            move |config: &mut web::ServiceConfig| all.into_iter().for_each(|add| add(config))
        };
        let pages = self.plain.into_iter().chain(self.inner).collect();
        let mut api = by_path(self.api, &self.table);
        api.extend(by_path(self.api_inner, &self.table));
        (put(self.bare), put(pages), put(api))
    }
}

/// Routes of the API path by path, each path ending with an answer to the methods that it does not have; a
/// word comes before a parameter at its place.
fn by_path(all: Vec<(String, Add)>, table: &[RouteInfo]) -> Vec<Add> {
    let mut paths: BTreeMap<String, (String, Vec<Add>)> = BTreeMap::new();
    for (path, add) in all {
        // `~` is behind all letters.
        let key = path.replace('{', "~");
        let of_path = paths.entry(key).or_insert_with(|| (path, Vec::new()));
        of_path.1.push(add);
    }
    let mut ordered = Vec::new();
    for (path, adds) in paths.into_values() {
        ordered.extend(adds);
        ordered.push(refuse_others(path, table));
    }
    ordered
}

fn refuse_others(path: String, table: &[RouteInfo]) -> Add {
    let inner = path.contains("{inner}");
    let plain = path.replacen("{tenant}/{inner}", "{tenant}", 1);
    let allow: Vec<&str> = table
        .iter()
        .filter(|route| route.path.strip_prefix("/api") == Some(&plain))
        .filter(|route| !inner || route.requires.in_inner())
        .map(|route| route.method.as_str())
        .collect();
    let allow = allow.join(", ");
    Box::new(move |config| {
        let answer = move |req: HttpRequest| {
            let allow = allow.clone();
            async move { crate::web::problem::wrong_method(&req, &allow) }
        };
        config.route(&path, web::route().to(answer));
    })
}

/// Files and health checks: asked for often, and the same for everybody.
fn needs_no_session(path: &str) -> bool {
    path.starts_with("/assets/") || matches!(path, "/healthz" | "/readyz")
}

fn add<F, Args>(method: Method, path: String, handler: F) -> Add
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Box::new(move |config| {
        // What can be got can be asked for: health checks and link checkers send HEAD.
        let asked = guard::fn_guard(move |ctx| {
            let sent = &ctx.head().method;
            *sent == method || (method == Method::GET && *sent == Method::HEAD)
        });
        config.route(&path, web::route().guard(asked).to(handler));
    })
}
