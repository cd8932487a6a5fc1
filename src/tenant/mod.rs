//! What happens inside one tenant: a slice for each feature.

pub mod admissions;
pub mod dashboard;
pub mod fields;
pub mod jobs;
pub mod lists;
pub mod recipients;
pub mod target_groups;
