//! Recipients: the people who get mail.

pub mod dynamic;
pub mod export;
pub mod history;
pub mod import;
mod pages;
pub mod query;
pub mod show;
pub mod state;
pub mod write;

use crate::access::Routes;

/// The pages.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/recipients", pages::list::index);
    r.get("/t/{tenant}/recipients/count", pages::list::count);
    r.get("/t/{tenant}/recipients/export", pages::export::download);
    r.get("/t/{tenant}/recipients/columns", pages::columns::choose);
    r.post("/t/{tenant}/recipients/columns", pages::columns::keep);
}
