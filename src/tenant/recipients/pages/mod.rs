//! The pages of recipients.

pub mod bulk;
pub mod columns;
pub mod delete;
pub mod edit;
pub mod export;
pub mod list;
pub mod show;

use crate::access::Access;
use crate::access::rights::Right;
use crate::db::ids::RecipientId;
use crate::error::{AppError, Result};
use crate::web::Frame;
use crate::web::sealed::Seal;
use serde::Deserialize;

/// The recipient that the URL names, sealed.
#[derive(Debug, Deserialize)]
pub struct Which {
    id: String,
}

impl Which {
    fn open<R: Right>(&self, access: &Access<R>) -> Result<RecipientId> {
        seal(access).open(&self.id).ok_or(AppError::NotFound)
    }
}

fn seal<R: Right>(access: &Access<R>) -> Seal {
    Seal::new(&access.app().secret, access.tenant().id)
}

/// Whether the fence lets recipients be deleted: behind a rule that needs a right of its own.
fn may_delete(p: &Frame) -> bool {
    let here = p.tenant.as_ref();
    here.is_none_or(|here| super::write::leaves_lists_only(here).is_ok())
}

/// A frame below the list.
fn frame<R: Right>(access: &Access<R>, title: &str) -> Frame {
    let p = Frame::new(access.context(), title).section("recipients");
    let (label, url) = (p.t("recipients-title"), p.url("/recipients"));
    p.crumb(label, url)
}
