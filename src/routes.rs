//! Every URL on one page: each slice's `routes`.

use crate::access::Routes;

/// All routes, for actix, for `mandant routes`, and for the policy and leak tests.
pub fn routes() -> Routes {
    Routes::default()
}
