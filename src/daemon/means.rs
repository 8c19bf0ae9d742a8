//! What a person's turns work with: their accounts and the embedder. Made in their own turn, since
//! a command that fetches a password may take long; made anew where an account refuses, since a
//! keyring that was locked at the start, or a password that was changed, is well later.

use crate::cycle::Brain;
use crate::sync::poll::Client;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};

/// Between two times that passwords are fetched for accounts that are in trouble.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// Accounts that are ready to be asked, and what makes sense of them.
pub struct Ready {
    /// The accounts.
    pub clients: Vec<Client>,
    /// The embedder, and the assistant where there is one.
    pub brain: Brain,
}

/// Makes them.
type Make = Box<dyn Fn() -> Ready + Send + Sync>;

/// What was made, and when.
type Made = Option<(Arc<Ready>, DateTime<Utc>)>;

/// Makes it ready when it is first wanted.
pub struct Means {
    make: Make,
    made: Mutex<Made>,
}

impl Means {
    /// Nothing is made yet.
    pub fn new(make: Make) -> Self {
        Self { make, made: Mutex::new(None) }
    }

    /// What there is, or is made now.
    pub(super) fn get(&self, now: DateTime<Utc>) -> Arc<Ready> {
        if let Some((ready, _)) = &*self.made() {
            return Arc::clone(ready);
        }
        let ready = Arc::new((self.make)());
        *self.made() = Some((Arc::clone(&ready), now));
        ready
    }

    /// An account is in trouble: the next turn makes all anew, unless that was done a moment ago.
    pub(super) fn trouble(&self, now: DateTime<Utc>) {
        let mut made = self.made();
        // A clock that jumped back must not keep what is wrong.
        if made.as_ref().is_some_and(|(_, at)| (now - *at).abs() >= PATIENCE) {
            *made = None;
        }
    }

    fn made(&self) -> std::sync::MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn they_are_made_late_and_made_anew_in_trouble_but_not_at_once() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let means = Means::new(Box::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ready { clients: Vec::new(), brain: Brain::local().unwrap() }
        }));
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let made = || count.load(Ordering::SeqCst);
        assert_eq!(made(), 0);
        drop((means.get(at(0)), means.get(at(1))));
        assert_eq!(made(), 1);
        means.trouble(at(14));
        drop(means.get(at(14)));
        assert_eq!(made(), 1);
        means.trouble(at(15));
        drop(means.get(at(15)));
        assert_eq!(made(), 2);
        means.trouble(at(-100));
        drop(means.get(at(-100)));
        assert_eq!(made(), 3);
    }
}
