//! What happens above the tenants' data: tenants, users, memberships, log-in. A slice for each feature.

pub mod audit;
pub mod ceilings;
pub mod home;
pub mod links;
pub mod login;
pub mod mail;
pub mod memberships;
pub mod passwords;
pub mod pending;
pub mod policy;
pub mod proof;
pub mod review;
pub mod roles;
pub mod second_factor;
pub mod see_as;
pub mod sessions;
pub mod setup;
pub mod sign_on;
pub mod tenants;
pub mod tokens;
pub mod users;
pub mod visits;
