//! The pages of recipients.

pub mod columns;
pub mod export;
pub mod list;
