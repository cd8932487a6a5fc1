//! Mandant: tenant administration for e-mail marketing.
//!
//! Read the modules in this order.

pub mod app;
pub mod routes;
pub mod server;
pub mod work;

pub mod access;
pub mod control;
pub mod tenant;

pub mod api;

pub mod cli;
pub mod jobs;
pub mod web;

pub mod config;
pub mod db;
pub mod error;
pub mod telemetry;

pub mod clock;
pub mod secrets;
