//! The two places at which tenants are administered, `/tenants` and `/inner`: what their pages share.

use super::super::queries::{self, Below, Listed};
use crate::access::ControlAccess;
use crate::access::rights::Right;
use crate::db::ids::TenantId;
use crate::error::Result;
use crate::web::{Cell, Frame};

/// One of the two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) below: Below,
    /// Word in the URL, and section of the navigation.
    pub(super) section: &'static str,
}

/// Separate tenants, at any depth below.
pub(super) const SEPARATE: Place = Place {
    below: Below::Separate,
    section: "tenants",
};
/// The tenant's own inner tenants.
pub(super) const INNER: Place = Place {
    below: Below::Inner,
    section: "inner",
};

impl Place {
    /// The tenant of a page, which must lie below the one of the URL.
    pub(super) async fn find<R: Right>(self, access: &ControlAccess<R>, id: i32) -> Result<Listed> {
        let (top, id) = (access.tenant().id, TenantId(id));
        access
            .run(move |conn| queries::one_below(conn.pg(), top, self.below, id))
            .await
    }

    /// As `find`; the main tenant's own administrators also find itself.
    pub(super) async fn find_or_main<R: Right>(
        self,
        access: &ControlAccess<R>,
        id: i32,
    ) -> Result<Listed> {
        let (top, id) = (access.tenant().id, TenantId(id));
        access
            .run(move |conn| {
                if id == top && self.below == Below::Separate {
                    return queries::main(conn.pg(), id);
                }
                queries::one_below(conn.pg(), top, self.below, id)
            })
            .await
    }

    /// `/t/nord/tenants`.
    pub(super) fn list<R: Right>(self, access: &ControlAccess<R>) -> String {
        format!("{}/{}", access.tenant().base(), self.section)
    }

    /// `/t/nord/tenants/5`.
    pub(super) fn page<R: Right>(self, access: &ControlAccess<R>, id: i32) -> String {
        format!("{}/{id}", self.list(access))
    }

    /// A frame below the list and the tenant's page.
    pub(super) fn frame<R: Right>(
        self,
        access: &ControlAccess<R>,
        title: &str,
        tenant: &Listed,
    ) -> Frame {
        let p = Frame::new(access.context(), title).section(self.section);
        let label = p.t(&format!("nav-{}", self.section));
        p.crumb(label, self.list(access))
            .crumb(tenant.name.clone(), self.page(access, tenant.id))
    }
}

/// The status in force, as a word; who above makes it so.
pub(super) fn status_text(p: &Frame, tenant: &Listed) -> (&'static str, String) {
    if tenant.trashed() {
        return ("danger", p.t("tenant-status-trashed"));
    }
    let (status, by) = tenant.in_force();
    let (kind, key) = match status {
        "active" => ("success", "tenant-status-active"),
        "no_sending" => ("warning", "tenant-status-no-sending"),
        "no_login" => ("warning", "tenant-status-no-login"),
        _ => ("danger", "tenant-status-locked"),
    };
    let word = p.t(key);
    match by {
        Some(name) => {
            let params = [("status", word), ("name", name.to_owned())];
            (kind, p.t.with_all("tenant-status-by", &params))
        }
        None => (kind, word),
    }
}

pub(super) fn badge(p: &Frame, tenant: &Listed) -> Cell {
    let (kind, text) = status_text(p, tenant);
    Cell::Badge(kind, text)
}
