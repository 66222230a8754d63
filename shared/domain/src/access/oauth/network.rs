//! The judgement whether a program and the person who lets it in are at one place, as far as addresses tell.

use std::net::IpAddr;

use ipnet::IpNet;

/// One site's addresses, as providers give them out: an IPv4 network of 256, an IPv6 prefix of 56 bits.
const V4_PREFIX: u8 = 24;
const V6_PREFIX: u8 = 56;

/// True if both addresses are of one site, or of one of the company's networks.
pub fn is_same(one: IpAddr, other: IpAddr, company: &[IpNet]) -> bool {
    let (one, other) = (one.to_canonical(), other.to_canonical());
    let prefix = if one.is_ipv4() { V4_PREFIX } else { V6_PREFIX };
    let site = IpNet::new(one, prefix).is_ok_and(|site| site.contains(&other));
    site || company
        .iter()
        .any(|network| network.contains(&one) && network.contains(&other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v10_a_site_is_a_24_or_a_56_or_a_network_of_the_company() {
        let company = ["10.1.0.0/16".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.254", true),
            ("192.0.2.1", "192.0.3.1", false),
            ("::ffff:192.0.2.1", "192.0.2.9", true),
            ("2001:db9:0:1::1", "2001:db9:0:ff::2", true),
            ("2001:db9:0:100::1", "2001:db9:0:1ff::2", true),
            ("2001:db9:0:100::1", "2001:db9:0:200::1", false),
            ("192.0.2.1", "2001:db9::1", false),
            ("10.1.2.3", "10.1.200.4", true),
            ("10.1.2.3", "10.2.2.3", false),
            ("10.1.2.3", "2001:db8::1", false),
            ("2001:db8:1::1", "2001:db8:ffff::1", true),
        ] {
            let judged = is_same(one.parse().unwrap(), other.parse().unwrap(), &company);
            assert_eq!(judged, same, "{one} {other}");
            assert_eq!(is_same(other.parse().unwrap(), one.parse().unwrap(), &company), same);
        }
    }
}
