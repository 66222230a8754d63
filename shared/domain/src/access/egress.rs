//! Which addresses the gateway may call (promises 32 to 34): the form of a URL, and the networks behind a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use url::{Host, Url};

/// Bytes of an address.
const MAX_URL: usize = 2048;

/// Why an address set by an administrator is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    #[error("must be an absolute http or https URL of at most 2048 bytes")]
    Form,
    #[error("must not hold credentials, a query, a fragment, blanks, backslashes or dot segments")]
    Parts,
    /// The same of an address that may have a query.
    #[error("must not hold credentials, a fragment, blanks, backslashes or dot segments")]
    PartsButQuery,
    #[error("must use https, but for addresses in the allowed private networks")]
    PlainText,
    #[error("is in a network that the gateway does not call")]
    Forbidden,
}

/// How an address is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `http`: whoever is between reads and changes it.
    Clear,
    /// `https`
    Tls,
}

impl Transport {
    /// Of a URL's scheme; all but `https` is clear text.
    pub fn of_scheme(scheme: &str) -> Self {
        if scheme == "https" { Self::Tls } else { Self::Clear }
    }
}

/// The private networks that may be called: `BACKEND_ALLOWED_CIDRS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedNetworks {
    networks: Vec<IpNet>,
    /// Whatever the networks say, loopback is not called.
    without_loopback: bool,
}

impl FromStr for AllowedNetworks {
    type Err = String;

    /// Networks like `10.0.0.0/8`, separated by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let networks = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let parsed = networks.map(|part| {
            part.parse()
                .map_err(|_| format!("{part} is not a network like 10.0.0.0/8"))
        });
        Ok(Self {
            networks: parsed.collect::<Result<_, _>>()?,
            without_loopback: false,
        })
    }
}

impl AllowedNetworks {
    /// These networks and `127.0.0.0/8`, which the local gateway may call (promise 33).
    #[must_use]
    pub fn with_loopback(mut self) -> Self {
        self.networks
            .push(IpNet::new_assert(Ipv4Addr::new(127, 0, 0, 0).into(), 8));
        self
    }

    /// These networks without loopback, where Lambda's Runtime API listens (promise 33).
    #[must_use]
    pub fn without_loopback(self) -> Self {
        Self {
            without_loopback: true,
            ..self
        }
    }

    /// True if `address` may be called by `transport`: in clear text only inside the private networks, wherever the
    /// address comes from. Addresses embedded in IPv6 are judged as the IPv4 address they carry.
    pub fn judge(&self, transport: Transport, address: IpAddr) -> Result<(), EgressError> {
        let address = carried_v4(address);
        let allowed = match kind(address) {
            Kind::Private if self.without_loopback && address.is_loopback() => false,
            Kind::Public => true,
            Kind::Private => self.networks.iter().any(|network| network.contains(&address)),
            Kind::Never => false,
        };
        match (allowed, transport) {
            (false, _) => Err(EgressError::Forbidden),
            (true, Transport::Clear) if kind(address) != Kind::Private => Err(EgressError::PlainText),
            (true, _) => Ok(()),
        }
    }

    /// The URL as it will be called, if its form, and its address where it names one, may be called. What a host
    /// name leads to is judged when it is resolved.
    pub fn base_url(&self, text: &str) -> Result<Url, EgressError> {
        let url = well_formed(text)?;
        let transport = Transport::of_scheme(url.scheme());
        match url.host() {
            Some(Host::Ipv4(address)) => self.judge(transport, address.into())?,
            Some(Host::Ipv6(address)) => self.judge(transport, address.into())?,
            Some(Host::Domain(name)) => {
                judge_name(name)?;
                if transport == Transport::Clear && self.networks.is_empty() {
                    return Err(EgressError::PlainText);
                }
            }
            None => return Err(EgressError::Form),
        }
        Ok(url)
    }

    /// The address of a webhook as it will be called: judged as [`Self::base_url`], with a query, in which some have
    /// their token.
    pub fn webhook(&self, text: &str) -> Result<Url, EgressError> {
        let (base, query) = match text.split_once('?') {
            Some((base, query)) => (base, Some(query)),
            None => (text, None),
        };
        let mut url = self.base_url(base).map_err(|error| match error {
            EgressError::Parts => EgressError::PartsButQuery,
            other => other,
        })?;
        let is_plain = |query: &str| query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if text.len() > MAX_URL {
            return Err(EgressError::Form);
        }
        if !query.is_none_or(is_plain) {
            return Err(EgressError::PartsButQuery);
        }
        url.set_query(query);
        Ok(url)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Public,
    Private,
    Never,
}

fn well_formed(text: &str) -> Result<Url, EgressError> {
    let url = Url::parse(text).map_err(|_| EgressError::Form)?;
    if text.len() > MAX_URL || !matches!(url.scheme(), "http" | "https") || !text.is_ascii() || url.port() == Some(0) {
        return Err(EgressError::Form);
    }
    // A URL may do without the slashes and have them further behind: `https:user@host/://`.
    let (scheme, rest) = text.split_once("://").ok_or(EgressError::Form)?;
    if !scheme.eq_ignore_ascii_case(url.scheme()) {
        return Err(EgressError::Form);
    }
    let odd = rest
        .bytes()
        .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control() || b"\\@?#".contains(&byte));
    let dots = rest
        .split('/')
        .any(|segment| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."));
    if odd || dots || text.trim() != text {
        Err(EgressError::Parts)
    } else {
        Ok(url)
    }
}

/// Host names of cloud metadata services, which respond with credentials.
fn judge_name(name: &str) -> Result<(), EgressError> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let metadata = [
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "instance-data",
        "instance-data.ec2.internal",
    ];
    if metadata.contains(&name.as_str()) {
        Err(EgressError::Forbidden)
    } else {
        Ok(())
    }
}

/// The IPv4 address inside a mapped, compatible, NAT64 (RFC 6052) or 6to4 (RFC 3056) one.
fn carried_v4(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let octets = v6.octets();
    let tail = || IpAddr::V4(Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]));
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => address,
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => tail(),
        [0x2002, ..] => IpAddr::V4(Ipv4Addr::new(octets[2], octets[3], octets[4], octets[5])),
        _ => address,
    }
}

fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(v4) => kind_v4(v4),
        IpAddr::V6(v6) => kind_v6(v6),
    }
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        // Alibaba Cloud's metadata service, inside 100.64/10.
        [100, 100, 100, 200] => Kind::Never,
        [10 | 127, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Kind::Private,
        // "This network", link-local, IETF assignments, documentation, 6to4 relays, benchmarks, multicast and reserved
        // (RFC 6890).
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Kind::Never,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Private,
        // EC2's metadata service, inside fc00::/7.
        [0xfd00, 0xec2, ..] => Kind::Never,
        [0xfc00..=0xfdff, ..] => Kind::Private,
        // Documentation (RFC 3849, RFC 9637) and Teredo, which hides an IPv4 address.
        [0x2001, 0xdb8 | 0, ..] | [0x3fff, 0..=0xfff, ..] => Kind::Never,
        // Global unicast; everything else is unspecified, link-local, multicast or reserved.
        [0x2000..=0x3fff, ..] => Kind::Public,
        _ => Kind::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(networks: &str, address: &str) -> bool {
        let networks: AllowedNetworks = networks.parse().unwrap();
        networks.judge(Transport::Tls, address.parse().unwrap()).is_ok()
    }

    #[test]
    fn p33_some_addresses_are_never_called() {
        let everything = "0.0.0.0/0,::/0";
        for address in [
            "169.254.169.254",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "100.100.100.200",
            "fe80::1",
            "fd00:ec2::254",
            "::",
            "ff02::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::a9fe:a9fe",
            "2001:0:1::1",
        ] {
            assert!(!judged(everything, address), "{address}");
        }
    }

    #[test]
    fn p33_private_networks_only_when_listed() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "fc00::1",
            "::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!judged("", address), "{address}");
            assert!(
                judged(
                    "127.0.0.0/8, 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7,::1/128",
                    address
                ),
                "{address}"
            );
        }
        assert!(judged("", "8.8.8.8") && judged("", "2606:4700::1111"));
    }

    #[test]
    fn p33_inside_lambda_loopback_is_refused_whatever_the_list_says() {
        let networks: AllowedNetworks = "127.0.0.0/8,::1/128,10.0.0.0/8".parse().unwrap();
        let inside = networks.without_loopback();
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(
                inside.judge(Transport::Tls, address.parse().unwrap()).is_err(),
                "{address}"
            );
        }
        assert!(inside.judge(Transport::Tls, "10.0.0.1".parse().unwrap()).is_ok());
    }

    #[test]
    fn p32_the_form_of_a_base_url() {
        let networks = AllowedNetworks::default().with_loopback();
        for good in [
            "https://api.z.ai/api/paas/v4",
            "http://127.0.0.1:8000/v1",
            "http://vllm.internal:8000",
            "https://host/a%20b",
        ] {
            assert!(networks.base_url(good).is_ok(), "{good}");
        }
        for bad in [
            "ftp://x",
            "https:user@host/://",
            "https:host",
            "https:/host/://x",
            "https://",
            "/v1",
            "https://user:pw@host",
            "https://host?x=1",
            "https://host#x",
            "https://host/a/../b",
            "https://host/%2e%2e/b",
            "https://ho st",
            "https:\\\\host",
            " https://host",
            "https://höst",
            "https://host:0",
            "http://8.8.8.8",
            "http://169.254.169.254",
            "http://2852039166",
            "http://0xa9fea9fe",
            "https://metadata.google.internal",
            "http://10.0.0.1",
        ] {
            assert!(networks.base_url(bad).is_err(), "{bad}");
        }
        assert_eq!(
            AllowedNetworks::default().base_url("http://vllm.internal"),
            Err(EgressError::PlainText)
        );
    }

    #[test]
    fn p63_ha3_clear_text_goes_to_private_networks_alone() {
        let networks: AllowedNetworks = "0.0.0.0/0,::/0".parse().unwrap();
        for address in ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            let address = address.parse().unwrap();
            assert_eq!(networks.judge(Transport::Tls, address), Ok(()), "{address}");
            assert_eq!(
                networks.judge(Transport::Clear, address),
                Err(EgressError::PlainText),
                "{address}"
            );
        }
        for address in [
            "10.0.0.1",
            "127.0.0.1",
            "fc00::1",
            "::1",
            "::ffff:192.168.1.1",
            "100.64.1.1",
        ] {
            assert_eq!(
                networks.judge(Transport::Clear, address.parse().unwrap()),
                Ok(()),
                "{address}"
            );
        }
    }

    #[test]
    fn p34_numbers_in_any_spelling_are_judged_after_parsing() {
        let networks = AllowedNetworks::default();
        for loopback in [
            "http://127.1",
            "http://0x7f.1",
            "http://2130706433",
            "http://017700000001",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert_eq!(networks.base_url(loopback), Err(EgressError::Forbidden), "{loopback}");
        }
    }

    #[test]
    fn p97_a_webhook_may_have_a_query_and_nothing_else_that_a_base_url_has_not() {
        let networks = AllowedNetworks::default();
        let judged = |text: &str| networks.webhook(text).map(|url| url.to_string());
        for text in [
            "https://h.example/x?key=a%20b",
            "https://h.example/x",
            "https://h.example/?",
        ] {
            assert_eq!(judged(text).unwrap(), text);
        }
        for (text, error) in [
            ("https://u:p@h.example/x?key=a", EgressError::PartsButQuery),
            ("https://h.example/x#f", EgressError::PartsButQuery),
            ("https://h.example/x?a#f", EgressError::PartsButQuery),
            ("https://h.example/x?a b", EgressError::PartsButQuery),
            ("http://h.example/x?a", EgressError::PlainText),
            ("https://169.254.169.254/x?a", EgressError::Forbidden),
            ("h.example?a", EgressError::Form),
        ] {
            assert_eq!(judged(text).unwrap_err(), error, "{text}");
        }
        let long = format!("https://h.example/x?{}", "a".repeat(2048));
        assert_eq!(judged(&long).unwrap_err(), EgressError::Form);
    }
}
