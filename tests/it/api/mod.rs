//! The API through HTTP, with tokens.

mod document;
mod recipients;
mod resources;
mod tokens;
