//! How often somebody may ask (a token of the API, a network address): so many requests a minute, evenly spread, with a minute's worth to spare.
//!
//! Kept in memory: what a restart forgets is at most one minute's allowance. Log-ins, where guessing must
//! not profit from a restart, have a throttle of their own in the database.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The allowance is for this long.
const WINDOW: Duration = Duration::from_secs(60);
/// From this many on, those that have their whole allowance again are forgotten.
const MANY: usize = 10_000;

/// What each has used.
#[derive(Debug)]
pub struct Throttle<K> {
    per_minute: NonZeroU32,
    /// For each the moment at which it will have its whole allowance again.
    whole_at: Mutex<HashMap<K, Instant>>,
}

/// How a token stands after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Requests a minute.
    pub limit: u32,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until another one is allowed (where none is left), or until all are there again.
    pub seconds: u64,
}

impl<K: Eq + Hash> Throttle<K> {
    /// So many requests a minute for each.
    pub fn new(per_minute: NonZeroU32) -> Self {
        Self {
            per_minute,
            whole_at: Mutex::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The budget, where nothing is left of it.
    pub fn take(&self, who: K, now: Instant) -> Result<Budget, Budget> {
        let one = WINDOW / self.per_minute.get();
        let mut all = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > MANY {
            all.retain(|_, whole| *whole > now);
        }
        let used = all
            .get(&who)
            .map_or(Duration::ZERO, |whole| whole.saturating_duration_since(now));
        let after = used + one;
        if after > WINDOW {
            return Err(self.budget(0, after - WINDOW));
        }
        all.insert(who, now + after);
        let left = (WINDOW - after).as_nanos() / one.as_nanos().max(1);
        Ok(self.budget(left as u32, after))
    }

    fn budget(&self, remaining: u32, wait: Duration) -> Budget {
        Budget {
            limit: self.per_minute.get(),
            remaining,
            seconds: wait.as_millis().div_ceil(1000) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ids::TokenId;

    #[test]
    fn a_minutes_worth_at_once_and_then_one_after_the_other() {
        let throttle = Throttle::new(NonZeroU32::new(60).unwrap());
        let begin = Instant::now();
        for left in (0..60).rev() {
            assert_eq!(throttle.take(TokenId(1), begin).unwrap().remaining, left);
        }
        let refused = throttle.take(TokenId(1), begin).unwrap_err();
        assert_eq!((refused.limit, refused.seconds), (60, 1));
        assert!(throttle.take(TokenId(2), begin).is_ok(), "another's");
        let later = begin + Duration::from_secs(2);
        assert_eq!(throttle.take(TokenId(1), later).unwrap().remaining, 1);
        assert!(throttle.take(TokenId(1), later).is_ok());
        assert!(throttle.take(TokenId(1), later).is_err());
        let rested = begin + Duration::from_secs(200);
        assert_eq!(throttle.take(TokenId(1), rested).unwrap().remaining, 59);
    }
}
