//! What all pages share: forms, frames, lists, languages. Imports no slice.

pub mod assets;
pub mod colour;
pub mod csv;
pub mod days;
pub mod download;
pub mod error_page;
pub mod flash;
pub mod form;
pub mod headers;
pub mod i18n;
pub mod matrix;
pub mod nav;
pub mod page;
pub mod problem;
pub mod sealed;
pub mod view;

pub use form::{Faulty, Submitted, Valid};
pub use page::{Frame, see_other, see_other_saying};
pub use view::{Cell, Choice, Column, Empty, FormView, Input, InputKind, Table};
