//! The names by which a gateway on loopback is called.
//!
//! A web page can give its own name the address 127.0.0.1, and is then of the same origin as whatever listens there.
//! Its requests have that name as `Host` (DNS rebinding).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;

/// Known names; all are known where the gateway listens for others than this machine.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(Option<Arc<[String]>>);

impl Hosts {
    /// The names of a gateway that listens at `address`, and is called by these names besides those of this machine.
    pub(crate) fn of(address: SocketAddr, also: &[String]) -> Self {
        let names = also.iter().map(|name| name.to_ascii_lowercase());
        Self(address.ip().is_loopback().then(|| names.collect()))
    }

    /// True if every name by which the request calls the gateway is known, and there is one.
    pub(crate) fn knows_all(&self, head: &Parts) -> bool {
        let Some(also) = &self.0 else { return true };
        let knows = |authority: &Authority| {
            is_own(authority.host()) || also.iter().any(|name| authority.host().eq_ignore_ascii_case(name))
        };
        let mut named = head.headers.get_all(HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else {
            return false;
        };
        let host = host.to_str().ok().and_then(|host| host.parse().ok());
        host.as_ref().is_some_and(knows) && head.uri.authority().is_none_or(knows)
    }
}

fn is_own(host: &str) -> bool {
    let number: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    host.eq_ignore_ascii_case("localhost") || number.is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knows(listen: &str, host: Option<&str>) -> bool {
        let mut request = http::Request::get("/");
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        Hosts::of(listen.parse().unwrap(), &["gateway.example".into()]).knows_all(&head)
    }

    #[test]
    fn ha22_a_gateway_on_loopback_knows_its_names() {
        for known in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:8080",
            "LOCALHOST",
            "gateway.example:8080",
        ] {
            assert!(knows("127.0.0.1:8080", Some(known)), "{known}");
        }
        for unknown in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "",
            "user@localhost@evil",
        ] {
            assert!(!knows("127.0.0.1:8080", Some(unknown)), "{unknown}");
            assert!(!knows("[::1]:8080", Some(unknown)), "{unknown}");
        }
        assert!(!knows("127.0.0.1:8080", None));
        assert!(knows("0.0.0.0:8080", Some("anything.example")));
    }
}
