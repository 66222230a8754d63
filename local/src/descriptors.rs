//! File descriptors: each connection has one, and the system's usual soft limit is a few hundred.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Half-open connections are not more than this part of the limit, and never more than so many.
const HALF_OPEN: u64 = 2;
const MOST_HALF_OPEN: usize = 10_000;

/// How many half-open connections there may be on each of `workers`.
pub(crate) fn half_open(workers: usize) -> usize {
    let most = limit().and_then(|limit| usize::try_from(limit / HALF_OPEN).ok());
    (most.unwrap_or(MOST_HALF_OPEN).min(MOST_HALF_OPEN) / workers.max(1)).max(1)
}

/// The most descriptors that this process may have, if there is such a number.
fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Raises the soft limit to the hard one.
pub(crate) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of file descriptors could not be raised");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ha25_the_soft_limit_is_the_hard_one() {
        raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
