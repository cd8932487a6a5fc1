//! Where what is being done comes from: network address, the tenant that a visitor came from, as whom he
//! looks. The gates set it around the work of a request; entries of the audit are written with it, on
//! whatever connection, so that no act can forget it and none can claim another.

use super::ids::{TenantId, UserId};
use std::cell::Cell;
use std::net::IpAddr;

/// As whom somebody looks, who is somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenAs {
    /// As a user.
    User(i32),
    /// As anybody with a role.
    Role(i32),
}

/// Where an act comes from. Nothing of it for jobs and the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Who makes the request, himself or by a program.
    pub user: Option<UserId>,
    /// The client's network address.
    pub address: Option<IpAddr>,
    /// The tenant above, where a visitor acts.
    pub came_from: Option<TenantId>,
    /// As whom he looks.
    pub seen_as: Option<SeenAs>,
}

impl Origin {
    /// As entries keep it: `user:<id>`, `role:<id>` or nothing.
    pub fn seen_as_text(&self) -> String {
        match self.seen_as {
            Some(SeenAs::User(id)) => format!("user:{id}"),
            Some(SeenAs::Role(id)) => format!("role:{id}"),
            None => String::new(),
        }
    }

    /// The address in figures, or nothing.
    pub fn address_text(&self) -> String {
        self.address.map(|ip| ip.to_string()).unwrap_or_default()
    }
}

thread_local! {
    static HERE: Cell<Origin> = const { Cell::new(Origin { user: None, address: None, came_from: None, seen_as: None }) };
}

/// Of the work under way on this thread.
pub fn here() -> Origin {
    HERE.get()
}

/// Puts back what was there before, also after a panic: threads are used again.
struct Restore(Origin);

impl Drop for Restore {
    fn drop(&mut self) {
        HERE.set(self.0);
    }
}

/// Does `work`, which comes from `origin`, on this thread.
pub fn within<T>(origin: Origin, work: impl FnOnce() -> T) -> T {
    let _restore = Restore(HERE.replace(origin));
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_ends_with_its_work_also_by_a_panic() {
        let origin = Origin {
            user: Some(UserId(7)),
            address: Some(IpAddr::from([127, 0, 0, 1])),
            came_from: Some(TenantId(1)),
            seen_as: Some(SeenAs::Role(3)),
        };
        assert_eq!(within(origin, here), origin);
        assert_eq!(here(), Origin::default());
        let broken = std::panic::catch_unwind(|| within(origin, || panic!("broken")));
        assert!(broken.is_err());
        assert_eq!(here(), Origin::default());
        assert_eq!(origin.seen_as_text(), "role:3");
        assert_eq!(origin.address_text(), "127.0.0.1");
    }
}
