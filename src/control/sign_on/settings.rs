//! Setting up a tenant's provider: checked, sealed, and no further than whoever saves it may grant.

use super::outgoing::Outgoing;
use super::{SignOn, own, purpose};
use crate::control::audit;
use crate::control::memberships::{Granter, Place, place_of};
use crate::control::{roles, users};
use crate::db::ids::{RoleId, TenantId, UserId};
use crate::db::schema::control::{roles as roles_table, sign_on_roles, sign_ons, users as table};
use crate::error::{AppError, Result};
use crate::secrets::sealing;
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

/// Most rules from claims to roles.
pub const MOST_RULES: usize = 50;
/// Most domains.
const MOST_DOMAINS: usize = 50;

/// A rule: who has this value in this claim has this role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Name of the claim.
    pub claim: String,
    /// Its value; `*` for any.
    pub value: String,
    /// Key of the role.
    pub role: String,
}

/// A provider as it shall be.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// `off`, `on` or `only`.
    pub state: String,
    /// Its address.
    pub issuer: String,
    /// What it calls this installation.
    pub client_id: String,
    /// Another secret; blank to keep the one there is.
    pub secret: SecretString,
    /// Whether there shall be none.
    pub without_secret: bool,
    /// What is asked for, beside `openid`.
    pub scopes: String,
    /// What the button says.
    pub label: String,
    /// Of addresses, by blanks, commas or lines.
    pub domains: String,
    /// Whether somebody new becomes a user.
    pub creates: bool,
    /// Address of who gets in with his password, too.
    pub emergency: String,
    /// From claims to roles.
    pub rules: Vec<Rule>,
    /// The version that was seen; 0 where there was none.
    pub version: i32,
}

/// What is wrong with a field.
pub type Wrong = (&'static str, AppError);

fn wrong(field: &'static str, key: &'static str) -> Wrong {
    (field, AppError::invalid(key))
}

impl Wanted {
    /// Checks what can be checked without the database, and tidies it.
    ///
    /// # Errors
    /// The field and what is wrong with it.
    pub fn check(mut self, outgoing: &Outgoing) -> Result<Self, Wrong> {
        for text in [
            &mut self.issuer,
            &mut self.client_id,
            &mut self.label,
            &mut self.emergency,
        ] {
            *text = text.trim().to_owned();
        }
        if !["off", "on", "only"].contains(&self.state.as_str()) {
            return Err(wrong("state", "form-unreadable"));
        }
        let issuer = Url::parse(&self.issuer).ok().filter(|url| {
            self.issuer.len() <= 500 && url.query().is_none() && url.fragment().is_none()
        });
        let issuer = issuer.ok_or_else(|| wrong("issuer", "sign-on-issuer-shape"))?;
        outgoing
            .demand(&issuer)
            .map_err(|error| ("issuer", error))?;
        if self.client_id.is_empty() || self.client_id.len() > 500 {
            return Err(wrong("client_id", "sign-on-client-missing"));
        }
        if self.secret.expose_secret().len() > 2000 {
            return Err(wrong("secret", "sign-on-secret-long"));
        }
        if self.label.is_empty() || self.label.chars().count() > 60 {
            return Err(wrong("label", "sign-on-label-length"));
        }
        let scopes: Vec<&str> = self.scopes.split_whitespace().collect();
        self.scopes = scopes.join(" ");
        if self.scopes.len() > 500 {
            return Err(wrong("scopes", "sign-on-scopes-long"));
        }
        self.domains = domains(&self.domains)?.join(" ");
        for rule in &mut self.rules {
            rule.claim = rule.claim.trim().to_owned();
            rule.value = rule.value.trim().to_owned();
        }
        self.rules.retain(|rule| *rule != Rule::default());
        self.rules.dedup();
        let whole = |rule: &Rule| {
            let lengths = [rule.claim.len(), rule.value.len(), rule.role.len()];
            lengths.iter().all(|length| (1..=300).contains(length))
        };
        if self.rules.len() > MOST_RULES || !self.rules.iter().all(whole) {
            return Err(wrong("rules", "sign-on-rule-unfinished"));
        }
        Ok(self)
    }
}

fn domains(text: &str) -> Result<Vec<String>, Wrong> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
    let mut all = Vec::new();
    for word in words.filter(|word| !word.is_empty()) {
        let domain = word.trim_start_matches('@').to_lowercase();
        // As an address has it.
        if users::normalise_email(&format!("a@{domain}")).is_err() {
            let params = vec![("domain", word.chars().take(100).collect())];
            let key = "sign-on-domain-invalid";
            return Err(("domains", AppError::Invalid { key, params }));
        }
        all.push(domain);
    }
    all.sort();
    all.dedup();
    if all.len() > MOST_DOMAINS {
        return Err(wrong("domains", "sign-on-domains-many"));
    }
    Ok(all)
}

/// The rules of a tenant's provider, in their order.
///
/// # Errors
/// When the database does not answer.
pub fn rules(conn: &mut PgConnection, tenant: TenantId) -> Result<Vec<Rule>> {
    let rows: Vec<(String, String, String)> = sign_on_roles::table
        .inner_join(roles_table::table)
        .filter(sign_on_roles::tenant_id.eq(tenant.0))
        .order(sign_on_roles::id)
        .select((sign_on_roles::claim, sign_on_roles::value, roles_table::key))
        .load(conn)?;
    let rule = |(claim, value, role)| Rule { claim, value, role };
    Ok(rows.into_iter().map(rule).collect())
}

/// The address of the emergency account.
///
/// # Errors
/// When the database does not answer.
pub fn emergency(conn: &mut PgConnection, row: &SignOn) -> Result<String> {
    let Some(user) = row.emergency_user_id else {
        return Ok(String::new());
    };
    Ok(table::table.find(user).select(table::email).first(conn)?)
}

/// Sets a tenant's provider. All roles that it gave or shall give must be such as the granter may grant: whoever
/// decides whom to believe decides who has them.
///
/// # Errors
/// The field and what is wrong with it; `Conflict` where somebody changed it since the version seen.
pub fn save(
    conn: &mut PgConnection,
    granter: &Granter,
    installation: &SecretString,
    wanted: &Wanted,
) -> Result<Result<(), Wrong>> {
    roles::lock(conn)?;
    let tenant = granter.tenant;
    let before = own(conn, tenant)?;
    if before.as_ref().map_or(0, |row| row.version) != wanted.version {
        return Err(AppError::Conflict);
    }
    let old_rules = rules(conn, tenant)?;
    if let Err(error) = demand_rules(conn, granter, &old_rules, &wanted.rules) {
        return expected("rules", error);
    }
    let emergency = match named(conn, tenant, wanted) {
        Ok(user) => user,
        Err(error) => return expected("emergency", error),
    };
    let another = before
        .as_ref()
        .is_some_and(|row| (&row.issuer, &row.client_id) != (&wanted.issuer, &wanted.client_id));
    let sealed = match secret(before.as_ref(), another, installation, tenant, wanted) {
        Ok(sealed) => sealed,
        Err(error) => return expected("secret", error),
    };
    write(
        conn,
        tenant,
        before.as_ref(),
        another,
        wanted,
        emergency,
        sealed,
    )?;
    write_rules(conn, granter, &wanted.rules, another)?;
    let told = |state: &str, issuer: &str, client: &str, rules: &[Rule]| {
        let rules: Vec<String> = rules
            .iter()
            .map(|rule| format!("{} = {}: {}", rule.claim, rule.value, rule.role))
            .collect();
        json!({ "sign_on": state, "issuer": issuer, "client_id": client, "roles": rules })
    };
    let old = before.map_or_else(
        || json!({}),
        |row| told(&row.state, &row.issuer, &row.client_id, &old_rules),
    );
    let new = told(
        &wanted.state,
        &wanted.issuer,
        &wanted.client_id,
        &wanted.rules,
    );
    let data = json!({ "old": old, "new": new });
    audit::record(conn, granter.actor, tenant, "sign_on.change", "", &data)?;
    Ok(Ok(()))
}

fn expected(field: &'static str, error: AppError) -> Result<Result<(), Wrong>> {
    match error {
        AppError::Invalid { .. } => Ok(Err((field, error))),
        other => Err(other),
    }
}

fn demand_rules(
    conn: &mut PgConnection,
    granter: &Granter,
    old: &[Rule],
    new: &[Rule],
) -> Result<()> {
    let keys: Vec<String> = old
        .iter()
        .chain(new)
        .map(|rule| rule.role.clone())
        .collect();
    granter.demand_change(conn, &Place::default(), &Place::with_roles(&keys))
}

/// Who gets in with his password, too: somebody with a place here and a password.
fn named(conn: &mut PgConnection, tenant: TenantId, wanted: &Wanted) -> Result<Option<UserId>> {
    if wanted.emergency.is_empty() {
        return match wanted.state.as_str() {
            "only" => Err(AppError::invalid("sign-on-emergency-missing")),
            _ => Ok(None),
        };
    }
    let unfit = || AppError::invalid("sign-on-emergency-unfit");
    let user = users::by_email(conn, &wanted.emergency.to_lowercase())?.ok_or_else(unfit)?;
    let (_, _, place) = place_of(conn, user, tenant)?.ok_or_else(unfit)?;
    let (state, password): (String, bool) = table::table
        .find(user.0)
        .select((table::state, table::password_hash.is_not_null()))
        .first(conn)?;
    if state != "active" || !password || place.is_empty() || place.until.is_some() {
        return Err(unfit());
    }
    Ok(Some(user))
}

/// The sealed secret as it shall be. One that was given for another provider or client does not go along: whoever
/// changes the address would otherwise have it sent to himself.
fn secret(
    before: Option<&SignOn>,
    another: bool,
    installation: &SecretString,
    tenant: TenantId,
    wanted: &Wanted,
) -> Result<Option<Vec<u8>>> {
    if wanted.without_secret {
        return Ok(None);
    }
    let typed = wanted.secret.expose_secret();
    if !typed.is_empty() {
        return Ok(Some(sealing::seal(installation, &purpose(tenant), typed)));
    }
    match before.and_then(|row| row.client_secret.clone()) {
        Some(_) if another => Err(AppError::invalid("sign-on-secret-again")),
        Some(kept) => Ok(Some(kept)),
        None => Err(AppError::invalid("sign-on-secret-missing")),
    }
}

fn write(
    conn: &mut PgConnection,
    tenant: TenantId,
    before: Option<&SignOn>,
    another: bool,
    wanted: &Wanted,
    emergency: Option<UserId>,
    sealed: Option<Vec<u8>>,
) -> Result<()> {
    let domains: Vec<&str> = wanted.domains.split_whitespace().collect();
    let values = (
        sign_ons::state.eq(&wanted.state),
        sign_ons::issuer.eq(&wanted.issuer),
        sign_ons::client_id.eq(&wanted.client_id),
        sign_ons::client_secret.eq(sealed),
        sign_ons::scopes.eq(&wanted.scopes),
        sign_ons::label.eq(&wanted.label),
        sign_ons::domains.eq(domains),
        sign_ons::creates.eq(wanted.creates),
        sign_ons::emergency_user_id.eq(emergency.map(|user| user.0)),
        // Who came by the provider before came by another.
        sign_ons::epoch.eq(before.map_or(1, |row| row.epoch + i32::from(another))),
        sign_ons::version.eq(wanted.version + 1),
    );
    match before {
        Some(_) => diesel::update(sign_ons::table.find(tenant.0))
            .set(values)
            .execute(conn)?,
        None => diesel::insert_into(sign_ons::table)
            .values((sign_ons::tenant_id.eq(tenant.0), values))
            .execute(conn)?,
    };
    Ok(())
}

/// Writes the rules anew. Whoever makes one gives what it gives; so does for all of them who has `another` provider
/// believed.
fn write_rules(
    conn: &mut PgConnection,
    granter: &Granter,
    rules: &[Rule],
    another: bool,
) -> Result<()> {
    let (tenant, me) = (granter.tenant, granter.actor.user.map(|user| user.0));
    let old = sign_on_roles::table.filter(sign_on_roles::tenant_id.eq(tenant.0));
    let before: Vec<(String, String, i32, Option<i32>)> = diesel::delete(old)
        .returning((
            sign_on_roles::claim,
            sign_on_roles::value,
            sign_on_roles::role_id,
            sign_on_roles::asked_by,
        ))
        .get_results(conn)?;
    let made_by = |rule: &Rule, role: RoleId| {
        let same = |(claim, value, id, _): &&(String, String, i32, Option<i32>)| {
            (claim, value, *id) == (&rule.claim, &rule.value, role.0)
        };
        let known = before.iter().find(same).filter(|_| !another);
        known.map_or(me, |(.., by)| *by)
    };
    let keys: Vec<String> = rules.iter().map(|rule| rule.role.clone()).collect();
    let ids = roles::by_keys(conn, tenant, &keys)?;
    let rows: Vec<_> = rules
        .iter()
        .zip(ids)
        .map(|(rule, role)| {
            (
                sign_on_roles::tenant_id.eq(tenant.0),
                sign_on_roles::claim.eq(&rule.claim),
                sign_on_roles::value.eq(&rule.value),
                sign_on_roles::role_id.eq(role.0),
                sign_on_roles::asked_by.eq(made_by(rule, role)),
            )
        })
        .collect();
    diesel::insert_into(sign_on_roles::table)
        .values(rows)
        .execute(conn)?;
    Ok(())
}
