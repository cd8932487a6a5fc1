//! The first steps: what makes a tenant work, each ticked off by what is there, not by what was clicked.

use super::numbers::Numbers;
use crate::control::tenants::queries::Facts;
use crate::web::Frame;

/// A step.
pub(super) struct Step {
    pub(super) done: bool,
    /// Whether it is the first one open, which the page puts forward.
    pub(super) next: bool,
    pub(super) label: String,
    /// What it is good for.
    pub(super) help: String,
    pub(super) href: String,
}

/// The steps of this tenant that the user may take; none once all are done.
pub(super) fn steps(p: &Frame, numbers: &Numbers, facts: &Facts) -> Vec<Step> {
    let Some(here) = &p.tenant else {
        return Vec::new();
    };
    let all = [
        (
            "tenants.create",
            here.kind == "main",
            facts.separate > 0,
            "dashboard-step-tenant",
            "dashboard-step-tenant-help",
            "/tenants/new",
        ),
        (
            "fields.create",
            !here.is_inner(),
            numbers.own_fields > 0,
            "dashboard-step-fields",
            "dashboard-step-fields-help",
            "/fields/new",
        ),
        (
            "lists.create",
            !here.is_inner(),
            numbers.lists > 0,
            "dashboard-step-lists",
            "dashboard-step-lists-help",
            "/lists/new",
        ),
        (
            "imports.run",
            true,
            numbers.recipients.count > 0,
            "dashboard-step-import",
            "dashboard-step-import-help",
            "/imports/new",
        ),
        (
            "inner.create",
            !here.is_inner(),
            facts.inner > 0,
            "dashboard-step-inner",
            "dashboard-step-inner-help",
            "/inner/new",
        ),
        (
            "users.change",
            true,
            facts.members > 1,
            "dashboard-step-colleague",
            "dashboard-step-colleague-help",
            "/users/new",
        ),
    ];
    let mut steps: Vec<Step> = Vec::new();
    for (right, of_this_kind, done, label, help, url) in all {
        if of_this_kind && p.may(right) {
            steps.push(Step {
                done,
                next: !done && steps.iter().all(|step| step.done),
                label: p.t(label),
                help: p.t(help),
                href: p.url(url),
            });
        }
    }
    if steps.iter().all(|step| step.done) {
        steps.clear();
    }
    steps
}
