//! The web server: middleware, routes, start and stop.

use crate::access::bearer;
use crate::access::load::load;
use crate::access::session::{Limits, PgSessions};
use crate::app::App;
use crate::error::{AppError, Result};
use crate::jobs::runner::Runner;
use crate::telemetry::RequestLog;
use crate::tenant::recipients;
use crate::web::{form, headers};
use crate::{routes, work};
use actix_session::SessionMiddleware;
use actix_session::config::{BrowserSession, CookieContentSecurity, TtlExtensionPolicy};
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Key, SameSite};
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpServer, web};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha512;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many jobs run side by side.
const JOB_THREADS: usize = 2;

/// A server that is bound, not yet running.
pub struct Application {
    server: Server,
    address: SocketAddr,
    runner: Runner,
}

impl Application {
    /// Binds the address of the configuration and starts the job runner.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn build(app: &Arc<App>) -> Result<Self> {
        let data = web::Data::from(Arc::clone(app));
        let key = cookie_key(app);
        let secure = app.config.cookie_secure();
        let server = HttpServer::new(move || {
            let sessions = SessionMiddleware::builder(store(&data), key.clone())
                .cookie_name(if secure { "__Host-mandant" } else { "mandant" }.to_owned())
                .cookie_secure(secure)
                .cookie_http_only(true)
                .cookie_same_site(SameSite::Lax)
                .cookie_content_security(CookieContentSecurity::Signed)
                .session_lifecycle(
                    BrowserSession::default()
                        .state_ttl(CookieDuration::seconds(
                            data.config.sessions.absolute().as_secs() as i64,
                        ))
                        .state_ttl_extension_policy(TtlExtensionPolicy::OnStateChanges),
                )
                .build();
            let (bare, pages, api) = routes::routes().split();
            actix_web::App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(form::MAX_FORM))
                .wrap(Compress::default())
                .wrap(from_fn(headers::add))
                .wrap(from_fn(crate::web::error_page::catch))
                .wrap(RequestLog::new())
                .configure(bare)
                .service(
                    web::scope("/api")
                        .wrap(from_fn(bearer::load))
                        .app_data(web::PayloadConfig::new(data.config.limits.api_body_bytes()))
                        .configure(api)
                        .default_service(web::to(|| async {
                            Err::<String, _>(AppError::NotFound)
                        })),
                )
                .service(
                    web::scope("")
                        .wrap(from_fn(load))
                        .wrap(sessions)
                        .configure(pages)
                        .default_service(web::to(|| async {
                            Err::<String, _>(AppError::NotFound)
                        })),
                )
        })
        .workers(
            std::thread::available_parallelism()
                .map_or(2, usize::from)
                .min(8),
        )
        .shutdown_timeout(20)
        .bind(app.config.server.listen)
        .map_err(|error| {
            AppError::internal(format!(
                "cannot listen on {}: {error}",
                app.config.server.listen
            ))
        })?;
        let address = server
            .addrs()
            .first()
            .copied()
            .ok_or_else(|| AppError::internal("no address is bound"))?;
        let _ = app.bound.set(address);
        Ok(Self {
            server: server.run(),
            address,
            runner: Runner::start(app, work::KINDS, JOB_THREADS),
        })
    }

    /// With which another thread can tell it to stop.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Where it listens; the port is the real one, also if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until it is told to stop (Ctrl-C, SIGTERM): requests and the jobs' current steps are finished.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run_until_stopped(self, app: Arc<App>) -> Result<()> {
        let tidy = actix_web::rt::spawn(tidy_up(Arc::clone(&app)));
        let seals = actix_web::rt::spawn(seal_audit(app));
        let told = actix_web::rt::spawn(tell(self.runner.told_to_stop()));
        let outcome = self.server.await;
        tidy.abort();
        seals.abort();
        told.abort();
        let _ = web::block(move || self.runner.stop()).await;
        outcome.map_err(|error| AppError::internal(error.to_string()))
    }
}

/// Tells the jobs to stop when the program is told to, while the last requests are still being answered.
async fn tell(jobs: Arc<AtomicBool>) {
    use actix_web::rt::signal::{ctrl_c, unix};
    let Ok(mut terminate) = unix::signal(unix::SignalKind::terminate()) else {
        // They are told when the server has ended.
        return;
    };
    let (ctrl_c, terminate) = (pin!(ctrl_c()), pin!(terminate.recv()));
    futures_util::future::select(ctrl_c, terminate).await;
    jobs.store(true, Ordering::Relaxed);
}

/// What is so as long as a chore fails, and the chore.
type Chore = (&'static str, fn(&App) -> Result<()>);

/// What is done every hour.
const CHORES: [Chore; 11] = [
    ("old sessions stay", |app| {
        crate::access::session::purge(&app.pools).map(drop)
    }),
    ("old mails stay", |app| {
        crate::control::mail::forget_old(app).map(drop)
    }),
    ("old entries of the audit stay", |app| {
        crate::control::audit::retain::prune_all(app).map(drop)
    }),
    ("nobody is reminded of reviews", |app| {
        crate::control::review::remind::remind(app).map(drop)
    }),
    ("rights wait for confirmation beyond their time", |app| {
        crate::control::pending::expire(app, crate::clock::now()).map(drop)
    }),
    ("dormant accounts stay active", |app| {
        crate::control::review::dormant::deactivate(app, crate::clock::now()).map(drop)
    }),
    ("old log-ins by providers stay", |app| {
        crate::control::sign_on::requests::forget_old(app).map(drop)
    }),
    ("old challenges of passkeys stay", |app| {
        crate::control::second_factor::passkeys::forget_old(app).map(drop)
    }),
    ("old links stay", |app| {
        crate::control::links::forget_old(app).map(drop)
    }),
    ("the trash is not looked through", |app| {
        crate::control::tenants::purge::all_due(app, crate::clock::now()).map(drop)
    }),
    ("old files of imports stay", |app| {
        recipients::erase::old::remove(app, crate::clock::now()).map(drop)
    }),
];

/// Does the chores, one after the other; what one of them cannot do keeps none of the others.
async fn tidy_up(app: Arc<App>) {
    loop {
        let due = Arc::clone(&app);
        let _ = web::block(move || {
            for (so, chore) in CHORES {
                if let Err(error) = chore(&due) {
                    tracing::warn!(%error, "{so}");
                }
            }
        })
        .await;
        actix_web::rt::time::sleep(Duration::from_secs(3600)).await;
    }
}

/// Every other second: the entries of the audit that came since get their seals.
async fn seal_audit(app: Arc<App>) {
    loop {
        let due = Arc::clone(&app);
        let _ = web::block(move || {
            if let Err(error) = crate::control::audit::seal::seal(&due) {
                tracing::warn!(%error, "entries of the audit wait for their seals");
            }
        })
        .await;
        actix_web::rt::time::sleep(Duration::from_secs(2)).await;
    }
}

fn store(app: &App) -> PgSessions {
    let sessions = &app.config.sessions;
    PgSessions::new(
        app.pools.clone(),
        Limits {
            idle_seconds: sessions.idle().as_secs() as i32,
            absolute_seconds: sessions.absolute().as_secs() as i64,
        },
    )
}

/// The cookie's key, from the installation's secret.
fn cookie_key(app: &App) -> Key {
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha512>::new_from_slice(app.secret.expose_secret().as_bytes()).unwrap();
    mac.update(b"cookie");
    Key::from(&mac.finalize().into_bytes())
}
