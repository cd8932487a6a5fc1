//! Every route goes in here, and only with a handler whose first parameter is a gate. What was put in is
//! the printed policy table.

use super::gate::{Gate, Requires};
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, guard, web};

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
    /// GET or POST.
    pub method: Method,
    /// As registered; a tenant's routes begin with `/t/{tenant}`.
    pub path: String,
    /// What it asks of its caller.
    pub requires: Requires,
}

type Add = Box<dyn FnOnce(&mut web::ServiceConfig)>;

/// Collects routes.
#[derive(Default)]
pub struct Routes {
    table: Vec<RouteInfo>,
    bare: Vec<Add>,
    plain: Vec<Add>,
    inner: Vec<Add>,
}

impl Routes {
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
        });
        if let Some(rest) = path.strip_prefix("/t/{tenant}") {
            let inner = format!("/t/{{tenant}}/{{inner}}{rest}");
            self.inner.push(add(method.clone(), inner, handler.clone()));
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

    /// The first words below a tenant: no inner tenant may be called so.
    pub fn sections(&self) -> std::collections::BTreeSet<String> {
        self.table
            .iter()
            .filter_map(|route| route.path.strip_prefix("/t/{tenant}/"))
            .filter_map(|rest| rest.split('/').next())
            .filter(|word| !word.is_empty() && !word.starts_with('{'))
            .map(str::to_owned)
            .collect()
    }

    /// The routes for actix: those that need no session (files, health), and the pages. All plain ones
    /// come before inner tenants', so that a section's name is never taken for an inner tenant's.
    pub fn split(
        self,
    ) -> (
        impl FnOnce(&mut web::ServiceConfig),
        impl FnOnce(&mut web::ServiceConfig),
    ) {
        let put = |all: Vec<Add>| {
            move |config: &mut web::ServiceConfig| all.into_iter().for_each(|add| add(config))
        };
        let pages = self.plain.into_iter().chain(self.inner).collect();
        (put(self.bare), put(pages))
    }
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
