//! THE table of rights: key, group, labels, whether it looks or changes, whether an inner tenant can
//! have it, and which built-in roles hold it. A right that is not here cannot be asked for: each is a type.

use crate::db::{Mode, Read, Write};

/// What the table says of a right.
#[derive(Debug)]
pub struct RightInfo {
    /// Stable key, kept in the database: `recipients.change`.
    pub key: &'static str,
    /// English label.
    pub en: &'static str,
    /// German label.
    pub de: &'static str,
    /// `view` or `change`.
    pub mode: &'static str,
    /// Whether the act exists in inner tenants.
    pub inner: bool,
    /// Built-in roles that hold it.
    pub roles: &'static [&'static str],
}

impl RightInfo {
    /// The group: the key's part before the dot.
    pub fn group(&self) -> &'static str {
        self.key.split('.').next().unwrap_or_default()
    }
}

/// A right as a type: a handler names it in its signature.
pub trait Right: 'static {
    /// Its row in the table.
    const INFO: &'static RightInfo;
    /// What the transaction it opens may do.
    type Mode: Mode;
}

/// The keys of the built-in roles, from most to least.
pub const ROLES: &[&str] = &["administrator", "editor", "viewer"];

const A: &[&str] = &["administrator"];
const AE: &[&str] = &["administrator", "editor"];
const AEV: &[&str] = &["administrator", "editor", "viewer"];
const EVERYWHERE: bool = true;
const SEPARATE_ONLY: bool = false;

macro_rules! rights {
    ($($name:ident($mode:ident, $inner:ident, $roles:ident) $key:literal $en:literal $de:literal)*) => {
        $(
            #[doc = $en]
            #[derive(Debug)]
            pub enum $name {}
            impl Right for $name {
                const INFO: &'static RightInfo = &RightInfo {
                    key: $key, en: $en, de: $de, mode: <$mode as Mode>::NAME, inner: $inner, roles: $roles,
                };
                type Mode = $mode;
            }
        )*
        /// Every right.
        pub const ALL: &[&RightInfo] = &[$($name::INFO),*];
    };
}

rights! {
    ViewDashboard(Read, EVERYWHERE, AEV) "dashboard.view" "See the tenant's start page" "Startseite des Mandanten sehen"
    ViewTenants(Read, SEPARATE_ONLY, A) "tenants.view" "See the tenants below" "Untergeordnete Mandanten sehen"
    CreateTenants(Write, SEPARATE_ONLY, A) "tenants.create" "Create separate tenants" "Getrennte Mandanten anlegen"
    ChangeTenants(Write, SEPARATE_ONLY, A) "tenants.change" "Change and lock tenants below" "Untergeordnete Mandanten ändern und sperren"
    DeleteTenants(Write, SEPARATE_ONLY, A) "tenants.delete" "Move tenants to the trash and restore them" "Mandanten in den Papierkorb legen und wiederherstellen"
    ViewInner(Read, SEPARATE_ONLY, A) "inner.view" "See the inner tenants" "Inner-Mandanten sehen"
    CreateInner(Write, SEPARATE_ONLY, A) "inner.create" "Create inner tenants" "Inner-Mandanten anlegen"
    ChangeInner(Write, SEPARATE_ONLY, A) "inner.change" "Change the fence of inner tenants" "Abgrenzung von Inner-Mandanten ändern"
    DecideAdmissions(Write, SEPARATE_ONLY, A) "inner.admit" "Admit recipients to inner tenants" "Empfänger in Inner-Mandanten aufnehmen"
    ViewUsers(Read, EVERYWHERE, A) "users.view" "See the users" "Benutzer sehen"
    ChangeUsers(Write, EVERYWHERE, A) "users.change" "Create users and change memberships" "Benutzer anlegen und Zuordnungen ändern"
    ViewAudit(Read, EVERYWHERE, A) "audit.view" "See who did what" "Sehen, wer was getan hat"
    ViewFields(Read, EVERYWHERE, AEV) "fields.view" "See the fields" "Datenbankfelder sehen"
    ChangeFields(Write, SEPARATE_ONLY, A) "fields.change" "Create and change fields" "Datenbankfelder anlegen und ändern"
    ViewLists(Read, EVERYWHERE, AEV) "lists.view" "See the mailing lists" "Mailinglisten sehen"
    ChangeLists(Write, SEPARATE_ONLY, AE) "lists.change" "Create and change mailing lists" "Mailinglisten anlegen und ändern"
    ViewRecipients(Read, EVERYWHERE, AEV) "recipients.view" "See recipients" "Empfänger sehen"
    ChangeRecipients(Write, EVERYWHERE, AE) "recipients.change" "Create and change recipients" "Empfänger anlegen und ändern"
    DeleteRecipients(Write, EVERYWHERE, AE) "recipients.delete" "Delete recipients" "Empfänger löschen"
    EraseFencedRecipients(Write, EVERYWHERE, A) "recipients.erase_fenced" "Delete recipients of an inner tenant fenced by a rule for good" "Empfänger eines durch Regel abgegrenzten Inner-Mandanten endgültig löschen"
    ExportRecipients(Write, EVERYWHERE, AE) "recipients.export" "Export recipients" "Empfänger exportieren"
    ViewImports(Read, EVERYWHERE, AE) "imports.view" "See imports and their results" "Importe und ihre Ergebnisse sehen"
    RunImports(Write, EVERYWHERE, AE) "imports.run" "Import recipients" "Empfänger importieren"
}

/// The keys that a built-in role holds.
pub fn keys_of_role(role: &str) -> Vec<&'static str> {
    ALL.iter()
        .filter(|right| right.roles.contains(&role))
        .map(|right| right.key)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_are_unique_and_every_right_has_a_role() {
        let keys: HashSet<_> = ALL.iter().map(|right| right.key).collect();
        assert_eq!(keys.len(), ALL.len());
        for right in ALL {
            assert!(
                right.roles.contains(&"administrator"),
                "{} has no administrator",
                right.key
            );
            assert!(right.roles.iter().all(|role| ROLES.contains(role)));
            assert!(right.key.contains('.') && !right.en.is_empty() && !right.de.is_empty());
        }
    }
}
