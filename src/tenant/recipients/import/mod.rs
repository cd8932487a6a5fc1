//! Import: a file's rows become recipients. `source` reads the file, `value` the cells, `guess` proposes
//! what a column is, `engine` does it batch by batch, `stage` is the database's half.

pub mod acts;
pub mod end;
pub mod engine;
pub mod groups;
pub mod guess;
pub mod job;
mod names;
pub mod pages;
pub mod profiles;
pub mod propose;
pub mod report;
pub mod settings;
pub mod source;
pub mod stage;
pub mod upload;
pub mod value;
