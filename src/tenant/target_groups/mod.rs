//! Target groups: recipients chosen by a rule.

pub mod rules;
