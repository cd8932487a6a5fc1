//! Mandant: tenant administration for e-mail marketing.
//!
//! Read the modules in this order.

pub mod clock;
pub mod db;
pub mod tenant;
