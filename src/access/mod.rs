//! Who may do what: rights, gates, sessions. The only way to a tenant's data.

pub mod bearer;
pub mod client;
pub mod context;
pub mod gate;
pub mod load;
pub mod rights;
pub mod routes;
pub mod session;
pub mod system;
pub mod throttle;
pub mod used;

pub use context::{Context, Seen, SessionUser, SignOnAsked, TenantHere, TokenHere};
pub use gate::{Access, Anonymous, ControlAccess, Gate, LoggedIn};
pub use routes::Routes;
pub use system::SystemAccess;
