//! Who is at the other end of a connection: the client's address as far as it can be trusted, and how the browser calls itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

use crate::Running;

const FORWARDED_FOR: &str = "x-forwarded-for";
// Long enough to tell two browsers apart, too short to be a place to hide things.
const AGENT_AT_MOST: usize = 200;

/// The client of a request; stands in the request's extensions.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// How it calls itself.
    pub agent: String,
}

/// Finds out who asks, before anything else wants to know.
pub async fn name_the_client(State(running): State<Running>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let client = Client {
        address: address(peer, request.headers(), &running.settings.trusted_proxies),
        agent: agent(request.headers()),
    };
    request.extensions_mut().insert(client);
    next.run(request).await
}

/// The rightmost address that none of our own proxies has: each proxy adds on the right whom it spoke to, and what stands further left
/// is only what the client says of itself.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_ours = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let said: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect();

    let mut nearest = peer.to_canonical();
    for hop in said.into_iter().rev() {
        if !is_ours(&nearest) {
            break;
        }
        let Some(before) = hop_address(hop) else {
            break;
        };
        nearest = before;
    }
    nearest
}

fn hop_address(hop: &str) -> Option<IpAddr> {
    hop.trim_matches(['[', ']'])
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|hop| hop.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

fn agent(headers: &HeaderMap) -> String {
    headers
        .get(header::USER_AGENT)
        .map(|agent| String::from_utf8_lossy(agent.as_bytes()))
        .unwrap_or_default()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(AGENT_AT_MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, said: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in said {
            headers.append(FORWARDED_FOR, line.parse().expect("a header"));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().expect("a network")).collect();
        address(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn only_what_our_own_proxies_say_counts() {
        let ours = ["10.0.0.0/8", "fd00::/8"];
        for (peer, said, trusted, address) in [
            ("198.51.100.7", &["203.0.113.9"][..], &[][..], "198.51.100.7"),
            ("198.51.100.7", &["203.0.113.9"], &ours[..], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9"], &ours, "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"], &ours, "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.9"], &ours, "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &ours, "10.0.0.3"),
            ("10.0.0.1", &["203.0.113.9, nonsense"], &ours, "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9:4711"], &ours, "203.0.113.9"),
            ("fd00::1", &["[2001:db8::5]:443"], &ours, "2001:db8::5"),
            ("::ffff:10.0.0.1", &["203.0.113.9"], &ours, "203.0.113.9"),
            ("10.0.0.1", &[], &ours, "10.0.0.1"),
        ] {
            assert_eq!(seen(peer, said, trusted), address, "{peer} {said:?}");
        }
    }
}
