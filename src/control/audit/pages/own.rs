//! What a user did himself, in all tenants: his own to see, whatever his rights.

use super::super::query;
use super::show::{one, page};
use super::{ROWS, State, Which};
use crate::access::LoggedIn;
use crate::db::Read;
use crate::error::Result;
use crate::web::view::TablePage;
use crate::web::{Empty, Frame};
use actix_web::{HttpResponse, web};

const HERE: &str = "/profile/activity";

fn frame(visitor: &LoggedIn) -> Frame {
    let p = Frame::new(visitor.context(), "activity-title");
    let label = p.t("profile-title");
    p.crumb(label, "/profile")
}

pub(super) async fn index(visitor: LoggedIn, state: web::Query<State>) -> Result<HttpResponse> {
    let state = state.into_inner();
    let (me, wanted) = (visitor.user().id, state.wanted(&visitor.user().time_zone));
    let found = visitor
        .run::<Read, _>(move |conn| query::own(conn.pg(), me, &wanted, ROWS as i64 + 1))
        .await?;
    let p = frame(&visitor);
    let table = state.table(&p, HERE, found);
    let empty = Empty {
        text: p.t("audit-none"),
        act: None,
    };
    p.render(|p| TablePage {
        intro: p.t("activity-intro"),
        acts: Vec::new(),
        table,
        empty,
        p,
    })
}

pub(super) async fn show(visitor: LoggedIn, path: web::Path<Which>) -> Result<HttpResponse> {
    let (me, wanted) = (visitor.user().id, one(path.id));
    let found = visitor
        .run::<Read, _>(move |conn| query::own(conn.pg(), me, &wanted, 1))
        .await?;
    let p = frame(&visitor);
    let label = p.t("activity-title");
    page(p.crumb(label, HERE), found)
}
