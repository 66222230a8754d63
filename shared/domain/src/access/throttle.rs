//! Counting tries in a sliding window, with few writes and without forgetting (promise 4).
//!
//! The window is cut into parts. Only the newest part's count changes, so a process that knows the older ones can
//! use one condition of the database, "newest < limit − older", whether there is room. A try is counted until its
//! whole part has left the window: room may come late, never early.

use std::net::{IpAddr, Ipv6Addr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many tries in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub tries: u64,
    pub window_seconds: i64,
    /// How long one part of the window is; divides the window.
    pub part_seconds: i64,
}

/// Failures for one e-mail address.
pub const PER_EMAIL: Limit = Limit {
    tries: 10,
    window_seconds: 15 * 60,
    part_seconds: 30,
};
/// Failures from one source address.
pub const PER_ADDRESS: Limit = Limit {
    tries: 300,
    window_seconds: 5 * 60,
    part_seconds: 10,
};

/// Registrations from one source address, whatever becomes of them.
pub const REGISTRATIONS: Limit = Limit {
    tries: 100,
    window_seconds: 15 * 60,
    part_seconds: 30,
};

/// Device codes that are asked for from one source address.
pub const DEVICE_CODES: Limit = Limit {
    tries: 30,
    window_seconds: 10 * 60,
    part_seconds: 20,
};
/// Device codes that are asked for by all: each is open for as long as the window.
pub const OPEN_DEVICE_CODES: Limit = Limit {
    tries: 10_000,
    window_seconds: 10 * 60,
    part_seconds: 20,
};
/// Codes that are typed from one source address and are none.
pub const USER_CODES: Limit = Limit {
    tries: 10,
    window_seconds: 10 * 60,
    part_seconds: 20,
};

/// Refusals of one person's changes for lack of rights that the audit trail tells of.
pub const REFUSED_CHANGES: Limit = Limit {
    tries: 20,
    window_seconds: 15 * 60,
    part_seconds: 30,
};

/// The counts of one window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The newest part's number since 1970.
    pub part: i64,
    /// Tries in the newest part.
    pub newest: u64,
    /// Earlier parts that had tries, oldest first.
    #[serde(default)]
    pub older: Vec<Bucket>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    pub part: i64,
    pub tries: u64,
}

/// What to do with one more try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Count it in the newest part, if that still has fewer tries than this.
    Count { below: u64 },
    /// Begin a new part with it.
    Begin(Window),
    /// There is no room for so many seconds.
    Full { seconds: u64 },
}

impl Limit {
    /// The number of the part that `now` lies in.
    pub fn part(&self, now: Timestamp) -> i64 {
        now.as_second().div_euclid(self.part_seconds)
    }

    /// When all that is counted at `now` has left the window, in seconds since 1970.
    pub fn forgotten_at(&self, now: Timestamp) -> i64 {
        (self.part(now) + 1) * self.part_seconds + self.window_seconds
    }

    /// What becomes of a try at `now`, as far as `window` is known.
    pub fn next(&self, window: &Window, now: Timestamp) -> Next {
        // A clock that is behind the item's does not turn its window back.
        let part = self.part(now).max(window.part);
        let current: Vec<Bucket> = window
            .parts()
            .filter(|counted| !self.has_left(counted.part, now))
            .collect();
        let counted: u64 = current.iter().map(|counted| counted.tries).sum();
        if counted >= self.tries {
            return Next::Full {
                seconds: self.seconds_until_room(&current, now),
            };
        }
        if part == window.part {
            return Next::Count {
                below: self.tries - (counted - window.newest),
            };
        }
        Next::Begin(Window {
            part,
            newest: 1,
            older: current,
        })
    }

    /// Counts a try at `now` in `window`, if there is room.
    pub fn count(&self, window: &mut Window, now: Timestamp) -> bool {
        match self.next(window, now) {
            Next::Count { .. } => window.newest += 1,
            Next::Begin(begun) => *window = begun,
            Next::Full { .. } => return false,
        }
        true
    }

    fn has_left(&self, part: i64, now: Timestamp) -> bool {
        (part + 1) * self.part_seconds + self.window_seconds <= now.as_second()
    }

    /// Until so many old parts have left that there are fewer tries than the limit.
    fn seconds_until_room(&self, counted: &[Bucket], now: Timestamp) -> u64 {
        let mut left = counted.iter().map(|part| part.tries).sum::<u64>();
        let last = counted.iter().find(|part| {
            left -= part.tries;
            left < self.tries
        });
        let leaves = last.map_or(0, |part| (part.part + 1) * self.part_seconds + self.window_seconds);
        u64::try_from(leaves - now.as_second()).unwrap_or(0).max(1)
    }
}

impl Window {
    fn parts(&self) -> impl Iterator<Item = Bucket> {
        let newest = Bucket {
            part: self.part,
            tries: self.newest,
        };
        self.older.iter().copied().chain((self.newest > 0).then_some(newest))
    }
}

/// Whose tries are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// A folded e-mail address, whether it has an account or not.
    Email(String),
    /// Where attempts with passwords come from.
    Address(String),
    /// Where logins by single sign-on come from.
    SingleSignOn(String),
    /// Where registrations come from.
    Registration(String),
    /// An address that programs ask for device codes from.
    DeviceCodes(String),
    /// Device codes, whoever asks for them.
    OpenDeviceCodes,
    /// An address at which codes are typed.
    UserCodes(String),
}

impl Guarded {
    /// Attempts with passwords from `address`.
    pub fn address(address: IpAddr) -> Self {
        Self::Address(network(address))
    }

    /// Logins by single sign-on from `address`.
    pub fn single_sign_on(address: IpAddr) -> Self {
        Self::SingleSignOn(network(address))
    }

    /// Registrations from `address`.
    pub fn registration(address: IpAddr) -> Self {
        Self::Registration(network(address))
    }

    /// Device codes for `address`.
    pub fn device_codes(address: IpAddr) -> Self {
        Self::DeviceCodes(network(address))
    }

    /// Codes that are typed at `address`.
    pub fn user_codes(address: IpAddr) -> Self {
        Self::UserCodes(network(address))
    }
}

/// An address of version 6 counts with its network of 64 bits: each house has one, with addresses without number.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_000 + second).unwrap()
    }

    /// Makes the tries that there is room for, as the store would.
    fn try_once(limit: Limit, window: &mut Window, now: Timestamp) -> bool {
        if let Next::Count { below } = limit.next(window, now) {
            assert!(window.newest < below);
        }
        limit.count(window, now)
    }

    #[test]
    fn p4_ten_failures_fill_fifteen_minutes() {
        let mut window = Window::default();
        assert_eq!((0..20).filter(|_| try_once(PER_EMAIL, &mut window, at(0))).count(), 10);
        let Next::Full { seconds } = PER_EMAIL.next(&window, at(0)) else {
            panic!("there is room")
        };
        assert!((900..=930).contains(&seconds), "{seconds}");
        assert!(!try_once(PER_EMAIL, &mut window, at(899)));
        assert!(try_once(PER_EMAIL, &mut window, at(i64::try_from(seconds).unwrap())));
    }

    #[test]
    fn p4_no_window_of_the_limits_length_ever_holds_more() {
        let mut window = Window::default();
        let mut tried = Vec::new();
        for second in 0..6000 {
            for _ in 0..(second % 3) {
                if try_once(PER_EMAIL, &mut window, at(second)) {
                    tried.push(second);
                }
            }
        }
        for start in &tried {
            let within = tried
                .iter()
                .filter(|second| (*start..start + 900).contains(*second))
                .count();
            assert!(within <= 10, "{within} tries in the 15 minutes after {start}");
        }
        assert!(tried.len() >= 60, "room comes back: {}", tried.len());
    }

    #[test]
    fn p4_a_slow_clock_does_not_turn_the_window_back() {
        let mut window = Window::default();
        assert!(try_once(PER_EMAIL, &mut window, at(100)));
        assert!(matches!(PER_EMAIL.next(&window, at(0)), Next::Count { below: 10 }));
    }
}
