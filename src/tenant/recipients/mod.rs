//! Recipients: the people who get mail.

pub mod bulk;
pub mod dynamic;
pub mod entered;
pub mod erase;
pub mod export;
pub mod fence;
pub mod history;
pub mod import;
mod pages;
pub mod query;
pub mod show;
pub mod state;
pub mod subscriptions;
pub mod typed;
pub mod upsert;
pub mod write;

use crate::access::Routes;

/// The pages.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/recipients", pages::list::index);
    r.get("/t/{tenant}/recipients/count", pages::list::count);
    r.get("/t/{tenant}/recipients/export", pages::export::download);
    r.get("/t/{tenant}/recipients/columns", pages::columns::choose);
    r.post("/t/{tenant}/recipients/columns", pages::columns::keep);
    r.get("/t/{tenant}/recipients/bulk", pages::bulk::ask);
    r.post("/t/{tenant}/recipients/bulk", pages::bulk::change);
    r.post("/t/{tenant}/recipients/bulk/delete", pages::bulk::delete);
    r.get("/t/{tenant}/recipients/new", pages::edit::new);
    r.post("/t/{tenant}/recipients/new", pages::edit::create);
    r.get("/t/{tenant}/recipients/{id}", pages::show::show);
    r.get("/t/{tenant}/recipients/{id}/edit", pages::edit::edit);
    r.post("/t/{tenant}/recipients/{id}/edit", pages::edit::change);
    r.get("/t/{tenant}/recipients/{id}/delete", pages::delete::confirm);
    r.post("/t/{tenant}/recipients/{id}/delete", pages::delete::delete);
    r.post(
        "/t/{tenant}/recipients/{id}/subscriptions",
        pages::show::subscribe,
    );
}
