//! Addresses of services, as settings write them.

use std::net::IpAddr;

/// Host and port of an address, as far as it names them; who signs in there is left out.
pub(crate) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// Whether an address leads to this machine alone.
pub(crate) fn is_here(url: &str) -> bool {
    let authority = authority(url);
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_known() {
        for here in
            ["http://127.0.0.1:8080", "http://[::1]:80/x", "https://localhost/muster", "smtp://ann:s3cret@127.0.0.1"]
        {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in [
            "https://muster.example.org",
            "http://10.0.0.1:8080",
            "http://localhost.example.org",
            "smtp://127.example.org",
            "smtp://localhost@mail.example.org",
            "smtp://mail.example.org?x=@127.0.0.1",
        ] {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }
}
