//! What all pages share: forms, frames, lists, languages. Imports no slice.

pub mod form;
pub mod sealed;
