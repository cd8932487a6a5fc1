//! Rights: what they come to, however they came about; roles through pages.

mod outcome;
mod roles;
