//! Every URL on one page: each slice's `routes`.

use crate::access::{Anonymous, Routes};
use crate::db::control;
use crate::error::Result;
use crate::web::assets;
use crate::{api, control as above, tenant};
use actix_web::HttpResponse;
use diesel::prelude::*;

/// All routes, for actix, for `mandant routes`, and for the policy and leak tests.
pub fn routes() -> Routes {
    let mut r = Routes::default();
    r.get("/healthz", health);
    r.get("/readyz", ready);
    r.get("/assets/colour/{name}.css", assets::colour);
    r.get("/assets/{hash}/{path:.*}", assets::serve);
    above::login::routes(&mut r);
    above::links::routes(&mut r);
    above::passwords::strength::routes(&mut r);
    above::second_factor::pages::routes(&mut r);
    above::sign_on::pages::routes(&mut r);
    above::proof::pages::routes(&mut r);
    above::policy::pages::routes(&mut r);
    above::home::routes(&mut r);
    above::tenants::pages::routes(&mut r);
    above::users::pages::routes(&mut r);
    above::roles::pages::routes(&mut r);
    above::ceilings::pages::routes(&mut r);
    above::review::pages::routes(&mut r);
    above::pending::pages::routes(&mut r);
    above::visits::routes(&mut r);
    above::see_as::routes(&mut r);
    above::sessions::pages::routes(&mut r);
    above::audit::pages::routes(&mut r);
    tenant::admissions::pages::routes(&mut r);
    above::tokens::pages::routes(&mut r);
    tenant::dashboard::routes(&mut r);
    tenant::fields::routes(&mut r);
    tenant::lists::routes(&mut r);
    tenant::recipients::routes(&mut r);
    tenant::jobs::routes(&mut r);
    tenant::recipients::import::pages::routes(&mut r);
    api::routes(&mut r);
    r
}

/// The process answers.
async fn health(_: Anonymous) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// The database answers, and the control schema is this program's.
async fn ready(visitor: Anonymous) -> Result<HttpResponse> {
    let found = visitor
        .block(|app| {
            use crate::db::schema::control::tenants;
            control::statement(&app.pools, |conn| {
                tenants::table.count().get_result::<i64>(conn)
            })
        })
        .await;
    Ok(match found {
        Ok(_) => HttpResponse::Ok()
            .content_type("text/plain")
            .body("ready\n"),
        Err(_) => HttpResponse::ServiceUnavailable()
            .content_type("text/plain")
            .body("the database does not answer\n"),
    })
}
