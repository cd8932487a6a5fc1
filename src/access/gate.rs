//! Gates: the first parameter of every handler says who may call it, and is the only way to data.
//!
//! A gate answers at once from what the middleware loaded. Actix polls all extractors of a handler
//! together, so a gate that waited would not run before the form is read.

use super::context::{Context, SessionUser, TenantHere};
use super::rights::{Right, RightInfo};
use crate::app::App;
use crate::db::migrate::tenant_version;
use crate::db::origin;
use crate::db::provisioner::Order;
use crate::db::trace::Trace;
use crate::db::{ControlConn, Mode, TenantConn, control, tenant};
use crate::error::{AppError, Result};
use actix_web::http::Method;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

/// What a route asks of its caller; printed in the policy table.
#[derive(Clone, Copy, Debug)]
pub enum Requires {
    /// Nothing.
    Nothing,
    /// A good session.
    LogIn,
    /// A right in the tenant of the URL.
    Right(&'static RightInfo),
}

impl Requires {
    /// Whether an inner tenant can have it.
    pub fn in_inner(&self) -> bool {
        match self {
            Self::Right(right) => right.inner,
            Self::Nothing | Self::LogIn => true,
        }
    }
}

/// The first parameter of every handler.
pub trait Gate: FromRequest {
    /// What it asks.
    fn requires() -> Requires;
}

fn context(req: &HttpRequest) -> Rc<Context> {
    req.extensions()
        .get::<Rc<Context>>()
        .cloned()
        .unwrap_or_default()
}

fn app(req: &HttpRequest) -> Result<web::Data<App>> {
    req.app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| AppError::internal("the application state is missing"))
}

/// Runs `work` of a request on a thread that may wait for the database.
async fn block<T: Send + 'static>(
    context: &Context,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (span, origin) = (tracing::Span::current(), context.origin());
    web::block(move || span.in_scope(|| origin::within(origin, work)))
        .await
        .map_err(|_| AppError::internal("the work was cut off"))?
}

/// Proof that the user holds `R` in the tenant of the URL, and the only way to that tenant's data.
pub struct Access<R: Right>(Proof, PhantomData<fn() -> R>);

/// Proof of the same, for the control tables and for orders to the provisioner.
pub struct ControlAccess<R: Right>(Proof, PhantomData<fn() -> R>);

struct Proof {
    context: Rc<Context>,
    app: web::Data<App>,
    user: SessionUser,
    tenant: TenantHere,
}

fn prove(req: &HttpRequest, right: &'static RightInfo) -> Result<Proof> {
    let context = context(req);
    // Without a session nothing is said about which tenants exist.
    let user = context.user.clone().ok_or(AppError::LogIn)?;
    let tenant = context.tenant.clone().ok_or(AppError::NotFound)?;
    if context.seen.is_some() && !matches!(*req.method(), Method::GET | Method::HEAD) {
        return Err(AppError::OnlyLooking);
    }
    if tenant.rights.is_empty() || tenant.status == "trashed" || (tenant.is_inner() && !right.inner)
    {
        return Err(AppError::NotFound);
    }
    if matches!(tenant.status.as_str(), "locked" | "no_login") {
        return Err(AppError::TenantClosed {
            status: tenant.status,
        });
    }
    context.has_signed_on(&tenant)?;
    if tenant.second_factor_missing {
        return Err(AppError::SecondFactor);
    }
    if !tenant.may(right.key) {
        return Err(AppError::Forbidden { right: right.key });
    }
    if tenant.schema_version != tenant_version() {
        return Err(AppError::TenantVersion);
    }
    Ok(Proof {
        app: app(req)?,
        context,
        user,
        tenant,
    })
}

macro_rules! proof_methods {
    () => {
        /// The tenant of the URL.
        pub fn tenant(&self) -> &TenantHere {
            &self.0.tenant
        }

        /// Who is logged in.
        pub fn user(&self) -> &SessionUser {
            &self.0.user
        }

        /// All that the request knows, for the page's frame.
        pub fn context(&self) -> &Context {
            &self.0.context
        }

        /// The application.
        pub fn app(&self) -> &App {
            &self.0.app
        }

        /// Something the user stores for himself in this tenant.
        ///
        /// # Errors
        /// When the database does not answer.
        pub async fn preference(&self, key: &'static str) -> Result<Option<serde_json::Value>> {
            let (app, user, tenant) = (self.0.app.clone(), self.0.user.id, self.0.tenant.id);
            block(&self.0.context, move || {
                super::session::preference(&app.pools, user, tenant, key)
            })
            .await
        }

        /// Writes an entry that something was looked at which is worth one (an export), for gates whose
        /// right only looks.
        ///
        /// # Errors
        /// When it cannot be written; then nothing is to be shown.
        pub async fn record_look(
            &self,
            act: &'static str,
            object: impl Into<String>,
            data: serde_json::Value,
        ) -> Result<()> {
            let (app, object) = (self.0.app.clone(), object.into());
            let trace = Trace {
                tenant: self.0.tenant.id,
                user: Some(self.0.user.id),
                source: self.0.context.source,
            };
            block(&self.0.context, move || {
                control::run::<crate::db::Write, _>(&app.pools, |conn| {
                    trace.write(conn.pg(), act, &object, &data, None)
                })
            })
            .await
        }

        /// Keeps something for the user in this tenant.
        ///
        /// # Errors
        /// When the database does not answer.
        pub async fn set_preference(
            &self,
            key: &'static str,
            value: serde_json::Value,
        ) -> Result<()> {
            let (app, user, tenant) = (self.0.app.clone(), self.0.user.id, self.0.tenant.id);
            block(&self.0.context, move || {
                super::session::set_preference(&app.pools, user, tenant, key, &value)
            })
            .await
        }
    };
}

impl<R: Right> Access<R> {
    proof_methods!();

    /// Opens one transaction as the tenant's database role and runs `act` in it, on a thread that may wait.
    ///
    /// # Errors
    /// Those of `act`; nothing is kept then.
    pub async fn run<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut TenantConn<'_, R::Mode>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (app, scope) = (self.0.app.clone(), self.0.tenant.scope());
        let acting = tenant::Acting::request(self.0.user.id, self.0.context.source);
        let viewer = self.0.tenant.viewer.clone();
        block(&self.0.context, move || {
            tenant::run::<R::Mode, T>(&app.pools, scope, acting, &viewer, act)
        })
        .await
    }
}

impl<R: Right> ControlAccess<R> {
    proof_methods!();

    /// Opens one transaction on the control tables.
    ///
    /// # Errors
    /// Those of `act`; nothing is kept then.
    pub async fn run<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut ControlConn<'_, R::Mode>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let app = self.0.app.clone();
        block(&self.0.context, move || {
            control::run::<R::Mode, T>(&app.pools, act)
        })
        .await
    }

    /// Opens one read-only transaction as the role of the tenant of the URL: for pages on the control
    /// tables that also show something of the tenant's data (names of lists, counts).
    ///
    /// # Errors
    /// Those of `act`.
    pub async fn look<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut TenantConn<'_, crate::db::Read>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (app, scope) = (self.0.app.clone(), self.0.tenant.scope());
        let acting = tenant::Acting::request(self.0.user.id, self.0.context.source);
        let viewer = self.0.tenant.viewer.clone();
        block(&self.0.context, move || {
            tenant::run::<crate::db::Read, T>(&app.pools, scope, acting, &viewer, act)
        })
        .await
    }

    /// Hands an order to the provisioner and waits for its answer. Only rights that change may.
    ///
    /// # Errors
    /// The order's; nothing is kept then.
    pub async fn provision<O: Order>(&self, order: O) -> Result<O::Answer>
    where
        R: Right<Mode = crate::db::Write>,
    {
        let app = self.0.app.clone();
        block(&self.0.context, move || app.provisioner.carry_out(order)).await
    }
}

impl<R: Right> Gate for Access<R> {
    fn requires() -> Requires {
        Requires::Right(R::INFO)
    }
}

impl<R: Right> Gate for ControlAccess<R> {
    fn requires() -> Requires {
        Requires::Right(R::INFO)
    }
}

impl<R: Right> FromRequest for Access<R> {
    type Error = AppError;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(prove(req, R::INFO).map(|proof| Self(proof, PhantomData)))
    }
}

impl<R: Right> FromRequest for ControlAccess<R> {
    type Error = AppError;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(prove(req, R::INFO).map(|proof| Self(proof, PhantomData)))
    }
}

/// Somebody is logged in; what he may do in which tenant is not asked. For his own things: tenants to
/// choose from, profile, sessions, log-out.
pub struct LoggedIn {
    context: Rc<Context>,
    app: web::Data<App>,
    user: SessionUser,
}

impl LoggedIn {
    /// Who.
    pub fn user(&self) -> &SessionUser {
        &self.user
    }

    /// All that the request knows, for the page's frame.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Opens one transaction on the control tables.
    ///
    /// # Errors
    /// Those of `act`; nothing is kept then.
    pub async fn run<M: Mode, T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut ControlConn<'_, M>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let app = self.app.clone();
        block(&self.context, move || control::run::<M, T>(&app.pools, act)).await
    }
}

impl LoggedIn {
    /// Runs work that waits for more than one transaction (checking a password).
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let app = Arc::clone(&self.app.clone().into_inner());
        block(&self.context, move || work(&app)).await
    }
}

impl Gate for LoggedIn {
    fn requires() -> Requires {
        Requires::LogIn
    }
}

impl FromRequest for LoggedIn {
    type Error = AppError;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context = context(req);
        ready(match (&context.user, app(req)) {
            (Some(user), Ok(app)) => Ok(Self {
                user: user.clone(),
                app,
                context,
            }),
            (None, _) => Err(AppError::LogIn),
            (_, Err(error)) => Err(error),
        })
    }
}

/// Anybody: log-in, first start, assets, health. Reaches the control tables only through the acts that
/// `session` and `control::setup` offer.
pub struct Anonymous {
    context: Rc<Context>,
    app: web::Data<App>,
}

impl Anonymous {
    /// All that the request knows, for the page's frame.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Runs work that waits for the database (checking a password, making the main tenant).
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let app = Arc::clone(&self.app.clone().into_inner());
        block(&self.context, move || work(&app)).await
    }
}

impl Gate for Anonymous {
    fn requires() -> Requires {
        Requires::Nothing
    }
}

impl FromRequest for Anonymous {
    type Error = AppError;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context = context(req);
        ready(app(req).map(|app| Self { context, app }))
    }
}
