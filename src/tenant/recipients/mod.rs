//! Recipients: the people who get mail.

pub mod dynamic;
pub mod history;
pub mod query;
pub mod write;
