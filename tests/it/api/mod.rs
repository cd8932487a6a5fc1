//! The API through HTTP, with tokens.

mod document;
mod imports;
mod recipients;
mod resources;
mod rights;
mod rules;
mod tokens;
