//! The address that a request comes from, as far as it can be believed.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, request::Parts},
};
use ipnet::IpNet;

/// What proxies write the addresses before them into.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of the connection that a request came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The client that a request came from: what the rates found out, or else the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let peer = || parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        Ok(parts.extensions.get().copied().unwrap_or_else(|| Self(counted_as(peer().to_canonical()))))
    }
}

/// The client's address: the peer, or where that is a trusted proxy the last address that no trusted proxy
/// stands for. Whatever stands further left in the header was written by the client (field case RAT-01).
pub fn address(Peer(peer): Peer, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut known = peer.to_canonical();
    if !is_trusted(&known) {
        return known;
    }
    let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("")).collect();
    for hop in lines.join(",").rsplit(',') {
        // What a trusted proxy wrote that is no address tells nothing: it was the proxy then.
        let Ok(ip) = hop.trim().parse::<IpAddr>() else { break };
        known = ip.to_canonical();
        if !is_trusted(&known) {
            break;
        }
    }
    known
}

/// What is counted as one client: an address, of IPv6 the network of 64 bits that one subscriber has
/// (field case RAT-02).
pub fn counted_as(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        address(Peer(peer.parse().unwrap()), &headers, &trusted).to_string()
    }

    #[test]
    fn rat_01_only_what_trusted_proxies_wrote_is_believed() {
        let proxies = ["10.0.0.0/8", "fd00::/8"];
        // Direct: the header is the client's own.
        assert_eq!(seen("198.51.100.7", &["203.0.113.9"], &proxies), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9"], &[]), "10.0.0.1");
        // One hop, two hops, and what the client made up before them.
        assert_eq!(seen("10.0.0.1", &["203.0.113.9"], &proxies), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"], &proxies), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1", "203.0.113.9", "10.0.0.2"], &proxies), "203.0.113.9");
        assert_eq!(seen("fd00::1", &["2001:db8::5"], &proxies), "2001:db8::5");
        assert_eq!(seen("::ffff:10.0.0.1", &["::ffff:203.0.113.9"], &proxies), "203.0.113.9");
        // No address at all.
        assert_eq!(seen("10.0.0.1", &["203.0.113.9, unknown"], &proxies), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9, nonsense, 10.0.0.2"], &proxies), "10.0.0.2");
        assert_eq!(seen("10.0.0.1", &[], &proxies), "10.0.0.1");
    }

    #[test]
    fn rat_02_addresses_of_one_subscriber_are_one_client() {
        let counted = |text: &str| counted_as(text.parse().unwrap()).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), counted("2001:db8:1:2:ffff::1"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
        assert_eq!(counted("203.0.113.9"), "203.0.113.9");
    }
}
