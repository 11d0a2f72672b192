//! Ports that are free right now.

use crate::Error;
use std::net::{Ipv4Addr, TcpListener};

/// Below the range from which Linux takes the ports of outgoing connections: a server that is stopped for a while would
/// lose its port to one of those.
const FIRST: u16 = 24_000;
const LAST: u16 = 31_999;

/// Draws before giving up; with half of the range in use, all of them fail once in 10^60.
const DRAWS: usize = 200;

/// A port of 127.0.0.1 on which nobody listens. Somebody may still be faster than the caller.
///
/// # Errors
/// When every port drawn was in use.
pub(crate) fn free() -> Result<u16, Error> {
    let drawn = std::iter::repeat_with(|| rand::random_range(FIRST..=LAST)).take(DRAWS);
    let mut open = drawn.filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    open.next().ok_or(Error::NoPort { first: FIRST, last: LAST })
}

#[test]
fn a_free_port_can_be_listened_on_and_lies_in_the_range() {
    let port = free().unwrap();
    assert!((FIRST..=LAST).contains(&port), "{port}");
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
}
