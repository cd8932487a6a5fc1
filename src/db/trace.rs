//! Writing an entry of the audit on the control tables. Which acts there are and how they read is the business
//! of the slice `control::audit`.

use super::ids::{TenantId, UserId};
use super::origin;
use super::schema::control::audit;
use super::tenant::Source;
use crate::error::Result;
use diesel::prelude::*;
use serde_json::{Value, json};

/// Who acts, where, and through what.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    /// The tenant it happens in.
    pub tenant: TenantId,
    /// The user; none for the command line and the program itself.
    pub user: Option<UserId>,
    /// Through what.
    pub source: Source,
}

impl Trace {
    /// Writes an entry; `personal` is what can be erased later.
    ///
    /// # Errors
    /// When the entry cannot be written; the act is then undone, too.
    pub fn write(
        &self,
        conn: &mut PgConnection,
        act: &str,
        object: &str,
        data: &Value,
        personal: Option<&Value>,
    ) -> Result<()> {
        let origin = origin::here();
        diesel::insert_into(audit::table)
            .values((
                audit::tenant_id.eq(self.tenant.0),
                audit::user_id.eq(self.user.map(|user| user.0)),
                audit::source.eq(self.source.key()),
                audit::act.eq(act),
                audit::object.eq(object),
                audit::data.eq(data),
                audit::came_from.eq(origin.came_from.map(|tenant| tenant.0)),
                audit::seen_as.eq(origin.seen_as_text()),
                audit::personal.eq(with_address(personal, &origin.address_text())),
            ))
            .execute(conn)?;
        Ok(())
    }
}

/// What names a person, with the network address; nothing where there is neither.
fn with_address(personal: Option<&Value>, address: &str) -> Option<Value> {
    let mut all = personal.cloned().unwrap_or_else(|| json!({}));
    if let (Value::Object(all), false) = (&mut all, address.is_empty()) {
        all.insert("address".to_owned(), address.into());
    }
    let empty = all.as_object().is_some_and(serde_json::Map::is_empty);
    (!empty).then_some(all)
}
