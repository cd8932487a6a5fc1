//! Anonymising a user: what names him goes everywhere, his number stays, so that the audit still tells one
//! person from another. It cannot be undone.

use super::acts::Care;
use crate::control::{memberships, roles, sessions};
use crate::db::ids::UserId;
use crate::db::schema::control::{
    links, mails, memberships as places, preferences, second_factors, sign_on_links,
    sign_on_permits, users, visits,
};
use crate::error::Result;
use diesel::prelude::*;
use serde_json::json;

diesel::define_sql_function! {
    /// Erases what names a former user in the audit; his entries stay, and so does their chain.
    #[sql_name = "control.erase_personal"]
    fn erase_personal(of_user: diesel::sql_types::Integer);
}

impl Care {
    /// Removes for good all that names him, and ends all his places.
    ///
    /// # Errors
    /// Where he is not the tenant's to look after; `Invalid("last-administrator")` where a tenant, seen from
    /// here or not, would be left without one.
    pub fn anonymise(&self, conn: &mut PgConnection) -> Result<()> {
        roles::lock(conn)?;
        self.begin(conn)?;
        let administered = memberships::administered(conn, self.user)?;
        let id = self.user.0;
        let ended = diesel::delete(places::table.filter(places::user_id.eq(id))).execute(conn)?;
        forget(conn, self.user)?;
        diesel::update(users::table.find(id))
            .set((
                users::name.eq(format!("#{id}")),
                users::email.eq(format!("former-{id}@invalid")),
                users::password_hash.eq(None::<String>),
                users::state.eq("anonymous"),
                users::version.eq(users::version + 1),
            ))
            .execute(conn)?;
        for tenant in administered {
            memberships::keeps_an_administrator(conn, tenant)?;
        }
        diesel::select(erase_personal(id)).execute(conn)?;
        self.record(conn, "user.anonymise", &json!({ "places": ended }))
    }
}

/// What he left behind beside his places: sessions, links, mails (which keep his address), settings, second
/// factor with its codes and devices.
fn forget(conn: &mut PgConnection, user: UserId) -> Result<()> {
    sessions::end_all(conn, user, None)?;
    diesel::delete(links::table.filter(links::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(mails::table.filter(mails::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(preferences::table.filter(preferences::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(visits::table.filter(visits::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(second_factors::table.find(user.0)).execute(conn)?;
    diesel::delete(sign_on_links::table.filter(sign_on_links::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(sign_on_permits::table.filter(sign_on_permits::user_id.eq(user.0)))
        .execute(conn)?;
    Ok(())
}
