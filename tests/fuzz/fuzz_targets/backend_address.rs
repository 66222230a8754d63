//! No spelling of an address leads where connections are forbidden.

#![no_main]

use std::net::IpAddr;

use domain::access::egress::AllowedNetworks;
use libfuzzer_sys::fuzz_target;
use url::Host;

fuzz_target!(|input: &str| {
    let Ok(url) = AllowedNetworks::default().base_url(input) else {
        return;
    };
    assert_eq!(url.scheme(), "https", "clear text needs a network that is allowed");
    assert!(url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none());
    let address: Option<IpAddr> = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.to_canonical()),
        _ => None,
    };
    let is_forbidden = |address: IpAddr| address.is_loopback() || address.is_unspecified() || address.is_multicast();
    assert!(!address.is_some_and(is_forbidden));
});
