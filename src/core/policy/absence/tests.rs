//! How long a deletion of everything is known to go on.

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// FND-A1: noted once a minute while services are left, or while that is not known.
#[test]
fn a_deletion_is_renewed_each_minute_while_services_are_left() {
    let departure = Departure {
        policy: ObjectName { namespace: "avi-system".into(), name: "gdp".into() },
        deleted: at(0),
        due: at(30),
        wished: true,
        remembered: true,
        successor: false,
    };
    let (leaving, gone) = (Standing::Leaving(departure.clone()), Standing::Gone(departure));
    let table = [
        (&leaving, Some(true), 600, None),
        (&Standing::Missing, Some(true), 600, None),
        (&Standing::Choose, Some(true), 600, None),
        (&gone, Some(true), 0, None),
        (&gone, Some(true), 89, None),
        (&gone, Some(true), 90, Some(90)),
        (&gone, None, 149, Some(90)),
        (&gone, Some(true), 7231, Some(7230)),
        (&gone, Some(false), 7231, None),
    ];
    for (standing, left, now, expected) in table {
        assert_eq!(under_way(standing, left, at(now)), expected.map(at), "{standing:?} {left:?} {now}");
    }
}
