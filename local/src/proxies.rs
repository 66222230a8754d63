//! The client behind trusted proxies: what `X-Forwarded-For` or `Forwarded` (RFC 7239) says, as far as it can be
//! believed.
//!
//! Each proxy adds whom it has the request from at the right, so the list is read from there: as long as a trusted
//! proxy says so, the next address is believed. What stands further left anybody may have written.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::HeaderMap;
use ipnet::IpNet;

const X_FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";

/// Networks of the proxies before this gateway; none are trusted unless they are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl FromStr for TrustedProxies {
    type Err = String;

    /// Networks like `10.0.0.0/8`, or single addresses, separated by commas or blanks.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
        let networks = parts.map(|part| {
            let address = part.parse::<IpAddr>().map(IpNet::from);
            address
                .or_else(|_| part.parse::<IpNet>())
                .map_err(|_| format!("{part} is no address and no network like 10.0.0.0/8"))
        });
        networks.collect::<Result<_, _>>().map(Self)
    }
}

impl TrustedProxies {
    /// The address of the client whose request `peer` has brought, if a trusted proxy says it; `None` where it is that
    /// of the connection. Two headers that disagree say nothing: only one of them is the proxy's.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        if !self.trusts(peer) {
            return None;
        }
        let listed = values(headers, X_FORWARDED_FOR).map(|values| {
            let entries = values.into_iter().flat_map(|value| value.split(','));
            self.walk(entries.map(|entry| address(entry.trim())))
        });
        let told = values(headers, FORWARDED).map(|values| {
            let elements = values.into_iter().flat_map(elements);
            self.walk(elements.map(|element| address(sender(element)?)))
        });
        match (listed, told) {
            (Some(one), Some(other)) if one != other => None,
            (listed, told) => listed.or(told).flatten(),
        }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The last address, from the right, that a trusted proxy vouches for. An entry that is none ends the walk: whoever
    /// is behind it is unknown.
    fn walk(&self, entries: impl DoubleEndedIterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
        let mut found = None;
        for entry in entries.rev() {
            let Some(address) = entry else { break };
            found = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        found
    }
}

/// The values of all headers of this name, in their order; `None` without any. One that is no text is empty.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> Option<Vec<&'a str>> {
    let values = headers.get_all(name).iter();
    let values: Vec<&str> = values.map(|value| value.to_str().unwrap_or_default()).collect();
    (!values.is_empty()).then_some(values)
}

/// The elements of a value of `Forwarded`. One that ends within quotes would hide what the proxy has added: it has none
/// that says anything.
fn elements(value: &str) -> Vec<&str> {
    split(value, ',').unwrap_or_else(|| vec![""])
}

/// The parts of `text` between separators, which may also stand in quotes (RFC 9110 §5.6.4); `None` if a quote is never
/// closed.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let mut quotes = Quotes::default();
    let parts = text.split(|character| !quotes.pass(character) && character == separator);
    let parts = parts.collect();
    (!quotes.quoted).then_some(parts)
}

/// Where quotes are open, character by character.
#[derive(Default)]
struct Quotes {
    quoted: bool,
    escaped: bool,
}

impl Quotes {
    /// True if `character` stands in quotes.
    fn pass(&mut self, character: char) -> bool {
        let was_quoted = self.quoted;
        if std::mem::take(&mut self.escaped) {
            return true;
        }
        match character {
            '\\' if self.quoted => self.escaped = true,
            '"' => self.quoted = !self.quoted,
            _ => {}
        }
        was_quoted
    }
}

/// The value of `for` in an element of `Forwarded`.
fn sender(element: &str) -> Option<&str> {
    split(element, ';')?.into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| value.trim().trim_matches('"'))
    })
}

/// An address, also with a port or in brackets; `unknown` and made-up names (RFC 7239 §6) are none.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let found = text.parse().ok().or_else(with_port).or_else(bare);
    found.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client of a request from `peer` with these headers, where 10.0.0.0/8 and `fd00::/8` are trusted.
    fn client(peer: &str, headers: &[(&str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().unwrap();
            map.append(name, value.parse().unwrap());
        }
        let trusted: TrustedProxies = "10.0.0.0/8, fd00::/8".parse().unwrap();
        let found = trusted.client(peer.parse().unwrap(), &map);
        found.map(|address| address.to_string()).unwrap_or_default()
    }

    #[test]
    fn op4_the_list_is_read_from_the_right_as_far_as_proxies_are_trusted() {
        for (list, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
            ("198.51.100.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"),
            ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
            ("203.0.113.7:51234", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:443, fd00::1", "2001:db8::7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            // What is no address hides who is behind it.
            ("203.0.113.7, unknown", ""),
            ("203.0.113.7, junk, 10.9.9.9", "10.9.9.9"),
            ("", ""),
        ] {
            assert_eq!(client("10.0.0.1", &[("x-forwarded-for", list)]), expected, "{list}");
        }
        let twice = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.7")];
        assert_eq!(client("10.0.0.1", &twice), "203.0.113.7", "one list in two headers");
    }

    #[test]
    fn op4_nobody_but_a_trusted_proxy_is_believed() {
        assert_eq!(client("203.0.113.9", &[("x-forwarded-for", "198.51.100.1")]), "");
        assert_eq!(client("203.0.113.9", &[("forwarded", "for=198.51.100.1")]), "");
        assert_eq!(
            client("::ffff:10.0.0.1", &[("x-forwarded-for", "203.0.113.7")]),
            "203.0.113.7"
        );
        let nobody = TrustedProxies::default();
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static(X_FORWARDED_FOR),
            http::HeaderValue::from_static("203.0.113.7"),
        )]);
        assert_eq!(nobody.client("127.0.0.1".parse().unwrap(), &headers), None);
    }

    #[test]
    fn op4_forwarded_is_read_as_rfc_7239_says() {
        for (value, expected) in [
            ("for=203.0.113.7", "203.0.113.7"),
            ("For=\"203.0.113.7:4711\";proto=http;by=10.0.0.1", "203.0.113.7"),
            ("proto=https;for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=198.51.100.1, for=203.0.113.7, for=10.3.3.3", "203.0.113.7"),
            ("for=198.51.100.1;by=\"a, b;for=1.2.3.4\", for=10.3.3.3", "198.51.100.1"),
            ("for=203.0.113.7, for=_hidden", ""),
            ("for=unknown", ""),
            ("by=10.0.0.1", ""),
            // A client's quote that is never closed swallows what the proxy has added.
            ("for=198.51.100.1;by=\", for=203.0.113.7", ""),
            ("for=\"198.51.100.1, for=203.0.113.7", ""),
        ] {
            assert_eq!(client("10.0.0.1", &[("forwarded", value)]), expected, "{value}");
        }
    }

    #[test]
    fn op4_of_two_headers_that_disagree_neither_is_believed() {
        let list = ("x-forwarded-for", "203.0.113.7");
        assert_eq!(
            client("10.0.0.1", &[list, ("forwarded", "for=203.0.113.7")]),
            "203.0.113.7"
        );
        assert_eq!(client("10.0.0.1", &[list, ("forwarded", "for=198.51.100.1")]), "");
    }

    #[test]
    fn op4_networks_and_addresses_are_named() {
        assert!("10.0.0.0/8,127.0.0.1 ::1".parse::<TrustedProxies>().is_ok());
        assert_eq!("".parse::<TrustedProxies>(), Ok(TrustedProxies::default()));
        assert!("nginx".parse::<TrustedProxies>().is_err());
        assert!("10.0.0.0/33".parse::<TrustedProxies>().is_err());
    }
}
