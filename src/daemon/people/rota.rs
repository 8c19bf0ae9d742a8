//! Whose turn is next. Pure: who is due comes first in order of when, a server is asked by few at a
//! time, and by one while it is in trouble.
//!
//! A turn that computes without end can't be ended from outside: it is given up, and its slot goes
//! to somebody else. So one person's calendar, whatever it holds, stops nobody: the watchdog is fed
//! as long as there are slots for the others. Only when as many are lost as there are slots, which
//! nobody's calendar explains, is a restart better than going on: it ends all of them, and the
//! turns that get on with it.

use crate::event::PrincipalId;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Turns at a time: they wait for servers most of the time, and each holds one person's state.
const SLOTS: usize = 24;
/// Turns at a time that ask one server.
const PER_HOST: usize = 6;
/// The same while the last of them got no answer there.
const PER_TROUBLED_HOST: usize = 1;

/// A turn that runs for longer than this computes without end: those that wait are given up before.
const STUCK: Duration = Duration::from_secs(40 * 60);

/// Who is due when, and who is busy.
#[derive(Debug, Default)]
pub(super) struct Rota {
    due: BTreeSet<(DateTime<Utc>, PrincipalId)>,
    when: BTreeMap<PrincipalId, DateTime<Utc>>,
    busy: BTreeMap<PrincipalId, Busy>,
    /// Whose turn was given up and still runs.
    lost: BTreeSet<PrincipalId>,
    hosts: BTreeMap<String, Host>,
}

#[derive(Debug)]
struct Busy {
    hosts: Vec<String>,
    /// By the clock that stands still in a suspend and never jumps: neither is computing.
    since: Instant,
}

#[derive(Debug, Default)]
struct Host {
    busy: usize,
    troubled: bool,
}

impl Host {
    fn has_room(&self) -> bool {
        self.busy < if self.troubled { PER_TROUBLED_HOST } else { PER_HOST }
    }
}

impl Rota {
    /// Is to have a turn at this moment, whatever was planned before.
    pub(super) fn plan(&mut self, who: &PrincipalId, at: DateTime<Utc>) {
        self.take_out(who);
        self.due.insert((at, who.clone()));
        self.when.insert(who.clone(), at);
    }

    /// Has none any more.
    pub(super) fn take_out(&mut self, who: &PrincipalId) {
        if let Some(at) = self.when.remove(who) {
            self.due.remove(&(at, who.clone()));
        }
    }

    /// When theirs is planned.
    pub(super) fn planned(&self, who: &PrincipalId) -> Option<DateTime<Utc>> {
        self.when.get(who).copied()
    }

    /// Takes the next who is due and whose servers have room; `hosts` tells which these are, `away`
    /// who can't have a turn now.
    pub(super) fn next<'a>(
        &mut self,
        now: DateTime<Utc>,
        hosts: impl Fn(&PrincipalId) -> &'a [String],
        away: impl Fn(&PrincipalId) -> bool,
    ) -> Option<PrincipalId> {
        if self.is_full() {
            return None;
        }
        let room = |host: &String| self.hosts.get(host).is_none_or(Host::has_room);
        let due = self.due.iter().take_while(|(at, _)| *at <= now);
        let mut free = due.filter(|(_, who)| !self.is_busy(who) && !away(who));
        let (_, who) = free.find(|(_, who)| hosts(who).iter().all(room))?;
        let (who, asked) = (who.clone(), hosts(who).to_vec());
        self.take_out(&who);
        for host in &asked {
            self.hosts.entry(host.clone()).or_default().busy += 1;
        }
        self.busy.insert(who.clone(), Busy { hosts: asked, since: Instant::now() });
        Some(who)
    }

    /// Their turn has ended; `trouble` = a server did not answer as it should. Whether it had been
    /// given up by then.
    pub(super) fn ended(&mut self, who: &PrincipalId, trouble: bool) -> bool {
        self.leave(who, trouble);
        self.lost.remove(who)
    }

    /// Gives up the turns that should have ended long ago: whose they are.
    pub(super) fn give_up(&mut self, now: Instant) -> Vec<PrincipalId> {
        let stuck =
            self.busy.iter().filter(|(_, busy)| now.saturating_duration_since(busy.since) > STUCK);
        let stuck: Vec<PrincipalId> = stuck.map(|(who, _)| who.clone()).collect();
        for who in &stuck {
            // What it computes is no fault of the servers.
            self.leave(who, false);
            self.lost.insert(who.clone());
        }
        stuck
    }

    fn leave(&mut self, who: &PrincipalId, trouble: bool) {
        for name in self.busy.remove(who).map(|busy| busy.hosts).unwrap_or_default() {
            let Some(host) = self.hosts.get_mut(&name) else { continue };
            host.busy = host.busy.saturating_sub(1);
            host.troubled = trouble;
            if host.busy == 0 && !trouble {
                self.hosts.remove(&name);
            }
        }
    }

    /// A turn of theirs runs.
    pub(super) fn is_busy(&self, who: &PrincipalId) -> bool {
        self.busy.contains_key(who) || self.lost.contains(who)
    }

    /// People who are due and have no turn yet.
    pub(super) fn due(&self, now: DateTime<Utc>) -> usize {
        self.due.iter().take_while(|(at, _)| *at <= now).count()
    }

    /// Turns that run, given up or not.
    pub(super) fn running(&self) -> usize {
        self.busy.len() + self.lost.len()
    }

    /// So many turns compute without end that it is better to start anew.
    pub(super) fn is_stuck(&self) -> bool {
        self.lost.len() >= SLOTS
    }

    /// No more can run.
    pub(super) fn is_full(&self) -> bool {
        self.busy.len() >= SLOTS
    }

    /// The clock went back: who was due in the future of then is due now.
    pub(super) fn not_after(&mut self, latest: DateTime<Utc>, now: DateTime<Utc>) {
        let late: Vec<PrincipalId> =
            self.due.iter().rev().take_while(|(at, _)| *at > latest).map(|d| d.1.clone()).collect();
        late.iter().for_each(|who| self.plan(who, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn who(number: usize) -> PrincipalId {
        PrincipalId::new(&format!("p{number:04}")).unwrap()
    }

    /// A thousand people due at once, each asking this server.
    fn crowd(host: &'static [String]) -> (Rota, usize) {
        let mut rota = Rota::default();
        (0..1_000).for_each(|n| rota.plan(&who(n), at(n as i64 / 100)));
        let mut started = 0;
        while rota.next(at(60), |_| host, |_| false).is_some() {
            started += 1;
        }
        (rota, started)
    }

    #[test]
    fn a_thousand_people_on_one_server_are_no_flood() {
        let host: &'static [String] = Box::leak(vec!["dav".to_owned()].into_boxed_slice());
        let (mut rota, started) = crowd(host);
        assert_eq!(started, PER_HOST);
        // Somebody on another server does not wait for them.
        rota.plan(&who(5_000), at(59));
        let hosts = |p: &PrincipalId| if *p == who(5_000) { &[][..] } else { host };
        assert_eq!(rota.next(at(60), hosts, |_| false), Some(who(5_000)));
        // A server in trouble gets one visitor until it answers.
        for number in 0..PER_HOST {
            rota.ended(&who(number), true);
        }
        assert_eq!(rota.next(at(60), hosts, |_| false), Some(who(PER_HOST)));
        assert_eq!(rota.next(at(60), hosts, |_| false), None);
        rota.ended(&who(PER_HOST), false);
        let again = (0..PER_HOST).filter_map(|_| rota.next(at(60), hosts, |_| false)).count();
        assert_eq!(again, PER_HOST);
    }

    #[test]
    fn turns_are_bounded_and_in_order_of_when_they_are_due() {
        let (mut rota, started) = crowd(&[]);
        assert_eq!((started, rota.running(), rota.is_full()), (SLOTS, SLOTS, true));
        // Who had a turn comes after everybody who still waits.
        rota.ended(&who(0), false);
        rota.plan(&who(0), at(60));
        let mut order = Vec::new();
        let mut last = who(1);
        while let Some(next) = {
            rota.ended(&last, false);
            rota.next(at(60), |_| &[], |_| false)
        } {
            order.push(next.clone());
            last = next;
        }
        assert_eq!(order.len(), 1_000 - SLOTS + 1);
        assert!(order[..order.len() - 1].is_sorted());
        assert_eq!(order.last(), Some(&who(0)));
    }

    #[test]
    fn who_computes_without_end_takes_nobodys_slot() {
        let host: &'static [String] = Box::leak(vec!["dav".to_owned()].into_boxed_slice());
        let begun = Instant::now();
        let (mut rota, _) = crowd(host);
        assert_eq!(rota.give_up(begun + STUCK), []);
        let late = Instant::now() + STUCK + Duration::from_secs(1);
        assert_eq!(rota.give_up(late).len(), PER_HOST);
        assert_eq!(rota.give_up(late), [], "once");
        // The server has room again, they themselves have a turn still.
        rota.plan(&who(0), at(0));
        let next = rota.next(at(60), |_| host, |_| false);
        assert_eq!((next, rota.running()), (Some(who(PER_HOST)), PER_HOST + 1));
        assert!(rota.is_busy(&who(0)) && !rota.is_stuck());
        assert!(rota.ended(&who(0), false), "it was given up");
        assert!(!rota.ended(&who(PER_HOST), false));
        assert_eq!(rota.next(at(60), |_| host, |_| false), Some(who(0)));
    }

    #[test]
    fn when_all_that_could_run_compute_without_end_a_restart_is_due() {
        let (mut rota, started) = crowd(&[]);
        let late = Instant::now() + STUCK + Duration::from_secs(1);
        assert_eq!((rota.give_up(late).len(), started), (SLOTS, SLOTS));
        assert!(rota.is_stuck() && !rota.is_full());
        rota.ended(&who(3), false);
        assert!(!rota.is_stuck());
    }

    #[test]
    fn nobody_has_two_turns_and_a_clock_that_jumps_back_stops_nobody() {
        let mut rota = Rota::default();
        rota.plan(&who(1), at(0));
        assert_eq!(rota.next(at(1), |_| &[], |_| false), Some(who(1)));
        rota.plan(&who(1), at(0));
        assert_eq!(rota.next(at(1), |_| &[], |_| false), None);
        rota.ended(&who(1), false);
        rota.plan(&who(1), at(10_000));
        rota.not_after(at(100), at(1));
        assert_eq!(rota.planned(&who(1)), Some(at(1)));
        rota.take_out(&who(1));
        assert_eq!(rota.next(at(20_000), |_| &[], |_| false), None);
    }
}
