//! Rights: what they come to, however they came about; roles through pages.

mod ceilings;
mod fields;
mod outcome;
mod people;
mod roles;
mod second_pair;
mod stances;
