//! The fields of the recipient: standard ones and those a tenant defines.

pub mod kind;
