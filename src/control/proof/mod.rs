//! Showing once more who one is, before what is critical: by password, by a code, or at the provider that one comes
//! by. What was being done is kept meanwhile, in the session.

pub mod pages;
