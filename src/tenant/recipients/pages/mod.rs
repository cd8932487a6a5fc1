//! The pages of recipients.

pub mod columns;
pub mod list;
