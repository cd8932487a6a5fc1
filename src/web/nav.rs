//! The navigation of a tenant: areas, and the sections of each, as far as the user's rights show them. The
//! sections of the area that the page is in stand in a row of their own, so that the first row stays one.

use super::page::Frame;
use crate::access::TenantHere;

/// An area of the navigation.
#[derive(Clone, Debug)]
pub struct Area {
    /// Leads to its first section. Where that is the only one, it is the area's name, too.
    pub link: Item,
    /// Its icon's name.
    pub icon: &'static str,
    /// Its sections, where there are several.
    pub sections: Vec<Item>,
}

/// An entry of the navigation.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where it leads.
    pub href: String,
    /// Its label.
    pub label: String,
    /// Whether the page is in it.
    pub current: bool,
    /// What waits there to be decided; 0 for nothing.
    pub waiting: i64,
}

/// Area, icon, and its sections with the right that shows each, in the order of the navigation. The labels'
/// keys are `area-<area>` and `nav-<section>`.
type Areas = &'static [(
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
)];

const AREAS: Areas = &[
    ("home", "home", &[("", "dashboard.view")]),
    (
        "recipients",
        "users",
        &[
            ("recipients", "recipients.view"),
            ("lists", "lists.view"),
            ("imports", "imports.view"),
            ("fields", "fields.view"),
        ],
    ),
    (
        "tenants",
        "sitemap",
        &[
            ("tenants", "tenants.view"),
            ("inner", "inner.view"),
            ("ceilings", "ceilings.view"),
        ],
    ),
    (
        "users",
        "shield",
        &[
            ("users", "users.view"),
            ("roles", "roles.view"),
            ("access-review", "users.review"),
            ("pending", "users.change"),
            ("sign-on", "sign_on.change"),
            ("policy", "policy.change"),
        ],
    ),
    ("audit", "history", &[("audit", "audit.view")]),
];

/// Sections that an inner tenant does not have: what they are about is its parent's.
const NOT_IN_INNER: [&str; 5] = ["inner", "tenants", "ceilings", "sign-on", "policy"];

/// The navigation of the tenant of this page.
pub fn areas(frame: &Frame) -> Vec<Area> {
    let Some(tenant) = &frame.tenant else {
        return Vec::new();
    };
    let shown = AREAS.iter().filter_map(|(key, icon, sections)| {
        let mut sections: Vec<Item> = sections
            .iter()
            .filter(|(section, right)| {
                tenant.may(right) && !(tenant.is_inner() && NOT_IN_INNER.contains(section))
            })
            .map(|(section, _)| item(frame, tenant, section))
            .collect();
        let link = match sections.len() {
            0 => return None,
            1 => sections.remove(0),
            _ => Item {
                href: sections[0].href.clone(),
                label: frame.t.t(&format!("area-{key}")),
                current: sections.iter().any(|section| section.current),
                waiting: sections.iter().map(|section| section.waiting).sum(),
            },
        };
        Some(Area {
            link,
            icon,
            sections,
        })
    });
    shown.collect()
}

fn item(frame: &Frame, tenant: &TenantHere, section: &str) -> Item {
    let (href, name) = match section {
        "" => (tenant.base(), "home"),
        _ => (format!("{}/{section}", tenant.base()), section),
    };
    Item {
        href,
        label: frame.t.t(&format!("nav-{name}")),
        current: section == frame.section,
        waiting: if section == "inner" { frame.waiting } else { 0 },
    }
}
