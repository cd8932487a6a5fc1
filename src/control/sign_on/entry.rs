//! From what a provider says about somebody to who that is here: known by his link, linked because his
//! administrator allowed it, made because the tenant wants that, or turned away with the reason.

use super::provider::Identity;
use super::{SignOn, links};
use crate::control::audit::Actor;
use crate::control::memberships::claims;
use crate::control::users::{self, NewUser};
use crate::db::ids::{RoleId, TenantId, UserId};
use crate::db::schema::control::{memberships, sign_on_roles, tenants, users as table};
use crate::error::Result;
use diesel::prelude::*;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Roles that claims give, and who made the rules that do so.
type Claimed = BTreeMap<RoleId, Option<UserId>>;

/// What becomes of somebody whom a provider sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// He is logged in.
    In(UserId),
    /// He, who is logged in already, has shown that he may enter.
    Shown(UserId),
    /// He is turned away; the key of the text that says why.
    Away(&'static str),
}

/// Finds, links or makes the user, and lets his roles follow the claims. `session` is who is logged in.
///
/// # Errors
/// When the database refuses.
pub fn enter(
    conn: &mut PgConnection,
    row: &SignOn,
    who: &Identity,
    session: Option<UserId>,
) -> Result<Entry> {
    let roles = claimed(conn, row.tenant(), &who.claims)?;
    let name = (who.issuer.as_str(), who.subject.as_str());
    let user = match links::find(conn, name.0, name.1)? {
        // Who is logged in becomes nobody else by the way.
        Some(user) if session.is_some_and(|his| his != user) => {
            return Ok(Entry::Away("sign-on-other-session"));
        }
        Some(user) => user,
        None if session.is_some() => return Ok(Entry::Away("sign-on-link-first")),
        None => match newcomer(conn, row, who, &roles)? {
            Ok(user) => user,
            Err(why) => return Ok(Entry::Away(why)),
        },
    };
    let active: String = table::table.find(user.0).select(table::state).first(conn)?;
    if active != "active" {
        return Ok(Entry::Away("sign-on-inactive"));
    }
    let his = links::may_log_in(conn, row.tenant(), user)?;
    if !his && session != Some(user) {
        return Ok(Entry::Away("sign-on-own-first"));
    }
    claims::follow(conn, user, row.tenant(), &roles)?;
    links::used(conn, name.0, name.1)?;
    if !his {
        return Ok(Entry::Shown(user));
    }
    let places: i64 = memberships::table
        .filter(memberships::user_id.eq(user.0))
        .count()
        .get_result(conn)?;
    if places == 0 {
        return Ok(Entry::Away("sign-on-no-role"));
    }
    Ok(Entry::In(user))
}

/// Links somebody who is not known yet, or makes him; else why not. An address alone links nobody.
fn newcomer(
    conn: &mut PgConnection,
    row: &SignOn,
    who: &Identity,
    roles: &Claimed,
) -> Result<Result<UserId, &'static str>> {
    let name = (who.issuer.as_str(), who.subject.as_str());
    let email = who.email();
    if let Some((email, true)) = &email
        && let Some(user) = links::use_permit(conn, row.tenant(), email)?
        && links::may_log_in(conn, row.tenant(), user)?
    {
        links::add(conn, Actor::system(), user, name)?;
        return Ok(Ok(user));
    }
    let Some((email, _)) = email else {
        return Ok(Err(if row.creates {
            "sign-on-no-address"
        } else {
            "sign-on-unknown"
        }));
    };
    if users::by_email(conn, &email)?.is_some() {
        return Ok(Err("sign-on-address-taken"));
    }
    if !row.creates {
        return Ok(Err("sign-on-unknown"));
    }
    if who.email_is_denied() {
        return Ok(Err("sign-on-no-address"));
    }
    if roles.is_empty() {
        return Ok(Err("sign-on-no-role"));
    }
    let (language, zone): (String, String) = tenants::table
        .find(row.tenant_id)
        .select((tenants::locale, tenants::time_zone))
        .first(conn)?;
    let new = NewUser {
        name: users::check_name(&who.name()).unwrap_or_else(|_| email.chars().take(100).collect()),
        email,
        password_hash: None,
        language,
    };
    let user = users::create(conn, Actor::system(), row.tenant(), &new)?;
    diesel::update(table::table.find(user.0))
        .set(table::time_zone.eq(zone))
        .execute(conn)?;
    links::add(conn, Actor::system(), user, name)?;
    Ok(Ok(user))
}

/// The roles that claims give in a tenant. Of several rules for the same one the first counts.
fn claimed(
    conn: &mut PgConnection,
    tenant: TenantId,
    claims: &Map<String, Value>,
) -> Result<Claimed> {
    let rules: Vec<(String, String, i32, Option<i32>)> = sign_on_roles::table
        .filter(sign_on_roles::tenant_id.eq(tenant.0))
        .order(sign_on_roles::id)
        .select((
            sign_on_roles::claim,
            sign_on_roles::value,
            sign_on_roles::role_id,
            sign_on_roles::asked_by,
        ))
        .load(conn)?;
    let mut all = Claimed::new();
    for (claim, value, role, by) in rules {
        if says(claims, &claim, &value) {
            all.entry(RoleId(role)).or_insert(by.map(UserId));
        }
    }
    Ok(all)
}

/// Whether claims say `value` under a name; `*` is any value. `realm_access.roles` is the claim of that name, or
/// what stands so deep.
fn says(claims: &Map<String, Value>, name: &str, value: &str) -> bool {
    let deep = || {
        let mut words = name.split('.');
        let first = claims.get(words.next()?)?;
        words.try_fold(first, |at, word| at.get(word))
    };
    match claims.get(name).or_else(deep) {
        Some(Value::Array(all)) => all.iter().any(|one| is(one, value)),
        Some(one) => is(one, value),
        None => false,
    }
}

fn is(claim: &Value, value: &str) -> bool {
    match claim {
        Value::String(text) => !text.is_empty() && (value == "*" || text == value),
        Value::Bool(truth) => *truth && (value == "*" || value == "true"),
        Value::Number(number) => value == "*" || number.to_string() == value,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::says;
    use serde_json::json;

    #[test]
    fn a_claim_is_a_word_a_list_or_lies_deeper() {
        let claims = json!({
            "sub": "7", "groups": ["sales", "admins"], "dept": "IT", "level": 3, "staff": true, "guest": false,
            "blank": "", "none": [], "realm_access": { "roles": ["editor"] }, "a.b": "whole",
        });
        let claims = claims.as_object().unwrap();
        for (name, value) in [
            ("groups", "admins"),
            ("groups", "*"),
            ("dept", "IT"),
            ("sub", "*"),
            ("level", "3"),
            ("staff", "true"),
            ("realm_access.roles", "editor"),
            ("a.b", "whole"),
        ] {
            assert!(says(claims, name, value), "{name} = {value}");
        }
        for (name, value) in [
            ("groups", "admin"),
            ("groups", "sales,admins"),
            ("dept", "it"),
            ("guest", "*"),
            ("guest", "false"),
            ("blank", "*"),
            ("none", "*"),
            ("realm_access", "*"),
            ("realm_access.groups", "editor"),
            ("nothing", "*"),
        ] {
            assert!(!says(claims, name, value), "{name} = {value}");
        }
    }
}
