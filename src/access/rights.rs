//! THE table of rights: key, labels and a sentence in both languages, whether it looks or changes, whether
//! it shows or changes personal data, whether an inner tenant can have it, since when it exists, and which
//! built-in roles hold it. A right that is not here cannot be asked for: each is a type.
//!
//! A right is here only if a route asks for it or a named act does (`TenantHere::allows`); a test fails on
//! one that nothing asks for. The administrator's role is not listed: it holds everything.

use crate::db::{Mode, Read, Write};

/// What the table says of a right.
#[derive(Debug)]
pub struct RightInfo {
    /// Name of its type, for the test that it is used.
    pub name: &'static str,
    /// Stable key, kept in the database: `recipients.change`.
    pub key: &'static str,
    /// English label, and what it allows in a sentence.
    pub en: (&'static str, &'static str),
    /// German label and sentence.
    pub de: (&'static str, &'static str),
    /// `view` or `change`.
    pub mode: &'static str,
    /// Whether it shows or changes data about people.
    pub personal: bool,
    /// Whether the act exists in inner tenants.
    pub inner: bool,
    /// First version of the program that knows it.
    pub since: &'static str,
    /// Built-in roles that hold it, besides the administrator's.
    pub roles: &'static [&'static str],
}

impl RightInfo {
    /// The group: the key's part before the dot.
    pub fn group(&self) -> &'static str {
        self.key.split('.').next().unwrap_or_default()
    }

    /// The label in a language (`de`, else English).
    pub fn label(&self, language: &str) -> &'static str {
        if language == "de" {
            self.de.0
        } else {
            self.en.0
        }
    }

    /// What it allows, in a sentence.
    pub fn sentence(&self, language: &str) -> &'static str {
        if language == "de" {
            self.de.1
        } else {
            self.en.1
        }
    }
}

/// A right as a type: a handler names it in its signature.
pub trait Right: 'static {
    /// Its row in the table.
    const INFO: &'static RightInfo;
    /// What the transaction it opens may do.
    type Mode: Mode;
}

/// Key of the built-in role that holds everything its tenant may.
pub const ADMINISTRATOR: &str = "administrator";
/// The keys of the built-in roles, from most to least.
pub const ROLES: &[&str] = &[ADMINISTRATOR, "editor", "viewer"];

const A: &[&str] = &[];
const AE: &[&str] = &["editor"];
const AEV: &[&str] = &["editor", "viewer"];
const EVERYWHERE: bool = true;
const SEPARATE_ONLY: bool = false;
const PERSONAL: bool = true;
const IMPERSONAL: bool = false;

macro_rules! rights {
    ($($name:ident($mode:ident, $inner:ident, $personal:ident, $roles:ident, $since:literal) $key:literal
        $en:literal $en_sentence:literal $de:literal $de_sentence:literal)*) => {
        $(
            #[doc = $en_sentence]
            #[derive(Debug)]
            pub enum $name {}
            impl Right for $name {
                const INFO: &'static RightInfo = &RightInfo {
                    name: stringify!($name), key: $key, en: ($en, $en_sentence), de: ($de, $de_sentence),
                    mode: <$mode as Mode>::NAME, personal: $personal, inner: $inner, since: $since, roles: $roles,
                };
                type Mode = $mode;
            }
        )*
        /// Every right, by group.
        pub const ALL: &[&RightInfo] = &[$($name::INFO),*];
    };
}

rights! {
    ViewDashboard(Read, EVERYWHERE, IMPERSONAL, AEV, "0.1") "dashboard.view"
        "Start page" "See the tenant's start page with its numbers and first steps."
        "Startseite" "Die Startseite des Mandanten mit Zahlen und ersten Schritten sehen."
    ViewTenants(Read, SEPARATE_ONLY, IMPERSONAL, A, "0.1") "tenants.view"
        "See tenants" "See the tenants below with their states."
        "Mandanten sehen" "Die untergeordneten Mandanten mit ihrem Zustand sehen."
    CreateTenants(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.1") "tenants.create"
        "Create tenants" "Create separate tenants below, each with its first administrator."
        "Mandanten anlegen" "Untergeordnete getrennte Mandanten samt erstem Administrator anlegen."
    ChangeTenants(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.1") "tenants.change"
        "Change and lock tenants" "Change the tenants below, lock and unlock them."
        "Mandanten ändern und sperren" "Untergeordnete Mandanten ändern, sperren und entsperren."
    DeleteTenants(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.1") "tenants.delete"
        "Delete tenants" "Move tenants below to the trash and take them out again."
        "Mandanten löschen" "Untergeordnete Mandanten in den Papierkorb legen und zurückholen."
    EnterTenants(Write, SEPARATE_ONLY, PERSONAL, A, "0.2") "tenants.enter"
        "Enter tenants below" "Enter tenants below for a time without a place in them; each visit is recorded there."
        "Untergeordnete Mandanten betreten" "Untergeordnete Mandanten auf Zeit betreten, ohne dort zugeordnet zu sein; jeder Besuch wird dort protokolliert."
    ViewCeilings(Read, SEPARATE_ONLY, IMPERSONAL, A, "0.2") "ceilings.view"
        "See rights of tenants" "See what the tenants below may at most."
        "Mandantenrechte sehen" "Sehen, was die untergeordneten Mandanten höchstens dürfen."
    ChangeCeilings(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.2") "ceilings.change"
        "Set rights of tenants" "Set what the tenants below may at most, with rights that one holds oneself."
        "Mandantenrechte setzen" "Festlegen, was die untergeordneten Mandanten höchstens dürfen, mit Rechten, die man selbst hat."
    ViewInner(Read, SEPARATE_ONLY, IMPERSONAL, A, "0.1") "inner.view"
        "See inner tenants" "See the inner tenants and what fences them."
        "Inner-Mandanten sehen" "Die Inner-Mandanten und ihre Abgrenzung sehen."
    CreateInner(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.1") "inner.create"
        "Create inner tenants" "Create inner tenants and set what fences them."
        "Inner-Mandanten anlegen" "Inner-Mandanten anlegen und ihre Abgrenzung festlegen."
    ChangeInner(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.1") "inner.change"
        "Change inner tenants" "Change what fences inner tenants, that is which recipients they see, their settings and their status."
        "Inner-Mandanten ändern" "Die Abgrenzung von Inner-Mandanten ändern, also welche Empfänger sie sehen, ihre Einstellungen und ihren Status."
    DeleteInner(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.1") "inner.delete"
        "Delete inner tenants" "Move inner tenants to the trash and take them out again."
        "Inner-Mandanten löschen" "Inner-Mandanten in den Papierkorb legen und zurückholen."
    DecideAdmissions(Write, SEPARATE_ONLY, PERSONAL, A, "0.1") "inner.admit"
        "Admit recipients" "Decide which recipients outside its fence an inner tenant gets to see."
        "Empfänger aufnehmen" "Entscheiden, welche Empfänger außerhalb seiner Abgrenzung ein Inner-Mandant zu sehen bekommt."
    ViewUsers(Read, EVERYWHERE, PERSONAL, A, "0.1") "users.view"
        "See users" "See who works in this tenant, with roles and last log-in."
        "Benutzer sehen" "Sehen, wer in diesem Mandanten arbeitet, mit Rollen und letzter Anmeldung."
    ChangeUsers(Write, EVERYWHERE, PERSONAL, A, "0.1") "users.change"
        "Create users" "Create users and add existing ones to this tenant, with rights that one holds oneself."
        "Benutzer anlegen" "Benutzer anlegen und vorhandene hinzufügen, mit Rechten, die man selbst hat."
    MarkCritical(Write, EVERYWHERE, IMPERSONAL, A, "0.2") "users.critical"
        "Mark critical rights" "Set which rights take effect only when a second person confirms that they were given."
        "Kritische Rechte festlegen" "Festlegen, welche Rechte erst gelten, wenn eine zweite Person bestätigt, dass sie vergeben wurden."
    ReviewUsers(Write, EVERYWHERE, PERSONAL, A, "0.2") "users.review"
        "Review accesses" "Confirm or withdraw places in this tenant, and set how often that is due and when unused accounts are deactivated."
        "Zugriffe prüfen" "Zuordnungen dieses Mandanten bestätigen oder entziehen und festlegen, wie oft das fällig ist und wann ungenutzte Konten deaktiviert werden."
    AnonymiseUsers(Write, EVERYWHERE, PERSONAL, A, "0.2") "users.anonymise"
        "Anonymise users" "Remove for good what names a user at home here or below, and end all his places."
        "Benutzer anonymisieren" "Bei Benutzern, die hier oder darunter zu Hause sind, endgültig entfernen, was sie benennt, und alle ihre Zuordnungen beenden."
    SeeAs(Write, EVERYWHERE, PERSONAL, A, "0.2") "users.see_as"
        "See as somebody else" "See the program as a role or another user does, only to look; it is recorded."
        "Sehen wie jemand anderes" "Das Programm sehen, wie eine Rolle oder ein anderer Benutzer es sieht, nur zum Ansehen; es wird protokolliert."
    ViewRoles(Read, EVERYWHERE, IMPERSONAL, A, "0.2") "roles.view"
        "See roles" "See which roles there are, what they hold, and compare them."
        "Rollen sehen" "Sehen, welche Rollen es gibt, was sie enthalten, und sie vergleichen."
    CreateRoles(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.2") "roles.create"
        "Create roles" "Create roles from rights that one holds oneself."
        "Rollen anlegen" "Rollen aus Rechten anlegen, die man selbst hat."
    ChangeRoles(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.2") "roles.change"
        "Change roles" "Change what roles hold, in force at once for everybody who has them."
        "Rollen ändern" "Ändern, was Rollen enthalten; es gilt sofort für alle, die sie haben."
    DeleteRoles(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.2") "roles.delete"
        "Delete roles" "Delete roles that nobody has."
        "Rollen löschen" "Rollen löschen, die niemand hat."
    ChangeSignOn(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.2") "sign_on.change"
        "Set up single sign-on" "Set up by which provider users log in, and which of its claims give which roles that one holds oneself."
        "Single Sign-on einrichten" "Einrichten, über welchen Anbieter sich Benutzer anmelden und welche seiner Angaben welche Rollen geben, die man selbst hat."
    ChangePolicy(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.2") "policy.change"
        "Set rules for log-in" "Set what passwords and sessions of this tenant's users must be like, here and in all tenants below."
        "Regeln für die Anmeldung setzen" "Festlegen, wie Passwörter und Sitzungen der Benutzer sein müssen, hier und in allen Mandanten darunter."
    ViewAudit(Read, EVERYWHERE, PERSONAL, A, "0.1") "audit.view"
        "See the audit log" "See who did what in this tenant."
        "Protokoll sehen" "Sehen, wer in diesem Mandanten was getan hat."
    RetainAudit(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.2") "audit.retain"
        "Set how long the audit log is kept" "Set after how many days entries of the audit log are removed."
        "Aufbewahrung des Protokolls festlegen" "Festlegen, nach wie vielen Tagen Einträge des Protokolls entfernt werden."
    ViewFields(Read, EVERYWHERE, IMPERSONAL, AEV, "0.1") "fields.view"
        "See fields" "See which fields recipients have."
        "Datenbankfelder sehen" "Sehen, welche Felder Empfänger haben."
    CreateFields(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.1") "fields.create"
        "Create fields" "Add fields to the recipients."
        "Datenbankfelder anlegen" "Den Empfängern Felder hinzufügen."
    ChangeFields(Write, SEPARATE_ONLY, IMPERSONAL, A, "0.1") "fields.change"
        "Change fields" "Change fields: labels, lengths, what they demand."
        "Datenbankfelder ändern" "Felder ändern: Bezeichnung, Länge, Bedingungen."
    DropFields(Write, SEPARATE_ONLY, PERSONAL, A, "0.1") "fields.drop"
        "Delete fields" "Delete fields together with what recipients have in them."
        "Datenbankfelder löschen" "Felder löschen, samt dem, was bei den Empfängern darin steht."
    ViewLists(Read, EVERYWHERE, IMPERSONAL, AEV, "0.1") "lists.view"
        "See mailing lists" "See the mailing lists and how many are on them."
        "Mailinglisten sehen" "Die Mailinglisten und die Zahl ihrer Empfänger sehen."
    CreateLists(Write, SEPARATE_ONLY, IMPERSONAL, AE, "0.1") "lists.create"
        "Create mailing lists" "Create mailing lists."
        "Mailinglisten anlegen" "Mailinglisten anlegen."
    ChangeLists(Write, SEPARATE_ONLY, IMPERSONAL, AE, "0.1") "lists.change"
        "Change mailing lists" "Rename and describe mailing lists."
        "Mailinglisten ändern" "Mailinglisten umbenennen und beschreiben."
    DeleteLists(Write, SEPARATE_ONLY, IMPERSONAL, AE, "0.1") "lists.delete"
        "Delete mailing lists" "Delete mailing lists that nobody is on."
        "Mailinglisten löschen" "Mailinglisten löschen, auf denen niemand mehr steht."
    ViewRecipients(Read, EVERYWHERE, PERSONAL, AEV, "0.1") "recipients.view"
        "See recipients" "See, search and filter recipients."
        "Empfänger sehen" "Empfänger sehen, suchen und filtern."
    ViewRecipientHistory(Read, EVERYWHERE, PERSONAL, AEV, "0.1") "recipients.history"
        "See history of recipients" "See who changed a recipient, when and how."
        "Historie der Empfänger sehen" "Sehen, wer einen Empfänger wann und wie geändert hat."
    ChangeRecipients(Write, EVERYWHERE, PERSONAL, AE, "0.1") "recipients.change"
        "Change recipients" "Create and change recipients and their subscriptions."
        "Empfänger ändern" "Empfänger und ihre Anmeldungen anlegen und ändern."
    BulkRecipients(Write, EVERYWHERE, PERSONAL, AE, "0.1") "recipients.bulk"
        "Change many recipients at once" "Set a field, subscribe or unsubscribe many recipients in one act."
        "Viele Empfänger auf einmal ändern" "Bei vielen Empfängern in einem Schritt ein Feld setzen, sie an- oder abmelden."
    DeleteRecipients(Write, EVERYWHERE, PERSONAL, AE, "0.1") "recipients.delete"
        "Delete recipients" "Delete recipients; in an inner tenant fenced by lists only its subscriptions go."
        "Empfänger löschen" "Empfänger löschen; in einem Inner-Mandanten mit Mailinglisten gehen nur dessen Anmeldungen."
    EraseFencedRecipients(Write, EVERYWHERE, PERSONAL, A, "0.1") "recipients.erase_fenced"
        "Delete for good in a rule-fenced tenant" "Delete recipients of an inner tenant that a rule fences: they are gone for its parent, too."
        "Endgültig löschen trotz Regel-Abgrenzung" "Empfänger eines durch Regel abgegrenzten Inner-Mandanten löschen: Sie sind auch im übergeordneten Mandanten weg."
    ExportRecipients(Write, EVERYWHERE, PERSONAL, AE, "0.1") "recipients.export"
        "Export recipients" "Download recipients as a file; each export is recorded."
        "Empfänger exportieren" "Empfänger als Datei herunterladen; jeder Export wird protokolliert."
    ViewImports(Read, EVERYWHERE, PERSONAL, AE, "0.1") "imports.view"
        "See imports" "See imports, their results and the rows they refused."
        "Importe sehen" "Importe, ihre Ergebnisse und abgelehnte Zeilen sehen."
    RunImports(Write, EVERYWHERE, PERSONAL, AE, "0.1") "imports.run"
        "Import recipients" "Upload files, map their columns, check and import them."
        "Empfänger importieren" "Dateien hochladen, Spalten zuordnen, prüfen und importieren."
}

/// The row of a key.
pub fn by_key(key: &str) -> Option<&'static RightInfo> {
    ALL.iter().find(|right| right.key == key).copied()
}

/// The groups in the order of the table.
pub fn groups() -> Vec<&'static str> {
    let mut groups: Vec<&str> = Vec::new();
    for right in ALL {
        if groups.last() != Some(&right.group()) {
            groups.push(right.group());
        }
    }
    groups
}

/// The keys that a built-in role holds.
pub fn keys_of_role(role: &str) -> Vec<&'static str> {
    ALL.iter()
        .filter(|right| role == ADMINISTRATOR || right.roles.contains(&role))
        .map(|right| right.key)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_are_unique_and_rows_are_whole() {
        let keys: HashSet<_> = ALL.iter().map(|right| right.key).collect();
        assert_eq!(keys.len(), ALL.len());
        for right in ALL {
            assert!(right.roles.iter().all(|role| ROLES.contains(role)));
            assert!(right.key.contains('.') && !right.en.0.is_empty() && !right.de.0.is_empty());
            assert!(right.en.1.ends_with('.') && right.de.1.ends_with('.'));
            assert!(
                right.en.0.len() < 60 && right.de.0.len() < 60,
                "{}",
                right.key
            );
        }
    }

    #[test]
    fn each_group_stands_in_one_place() {
        let groups = groups();
        assert_eq!(groups.iter().collect::<HashSet<_>>().len(), groups.len());
    }
}
