//! File descriptors: each connection has one, and the system's usual soft limit is a few hundred.

/// Half-open connections are not more than this part of the limit, and never more than so many.
const HALF_OPEN: u64 = 2;
const MOST_HALF_OPEN: usize = 10_000;

/// How many half-open connections there may be on each of `workers`.
pub(crate) fn half_open(workers: usize) -> usize {
    let most = limit().and_then(|limit| usize::try_from(limit / HALF_OPEN).ok());
    (most.unwrap_or(MOST_HALF_OPEN).min(MOST_HALF_OPEN) / workers.max(1)).max(1)
}

/// The most descriptors that this process may have, if there is such a number.
#[cfg(unix)]
fn limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn limit() -> Option<u64> {
    None
}

/// Raises the soft limit to the hard one.
#[cfg(unix)]
pub(crate) fn raise_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of file descriptors could not be raised");
    }
}

#[cfg(not(unix))]
pub(crate) fn raise_limit() {}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Resource, getrlimit};

    #[test]
    fn ha25_the_soft_limit_is_the_hard_one() {
        super::raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
