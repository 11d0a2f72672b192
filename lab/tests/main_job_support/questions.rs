//! What DNS has to answer in a lab.

use super::World;
use super::dns::Resolver;
use super::tool::{present, tell};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

/// Host of the demo application.
pub const HELLO: &str = "hello.avi.iberia.local";

impl World {
    /// Counts 5,000 answers of one DNS server against the weights, to two percentage points.
    pub fn split(&self, weights: [u32; 3], server: usize) {
        let (found, ttls) = Resolver::new(self.lab.dns_addresses()[server]).count(HELLO, 5000);
        let sum: u32 = weights.iter().sum();
        let shares = self.addresses.iter().zip(weights).map(|(address, weight)| {
            let share = 100.0 * f64::from(found.get(address).copied().unwrap_or(0)) / 5000.0;
            let wanted = 100.0 * f64::from(weight) / f64::from(sum);
            assert!((share - wanted).abs() <= 2.0, "{address} has {share} % instead of {wanted} %: {found:?}");
            format!("{share:.2} % ({wanted:.2} %)")
        });
        let shares: Vec<String> = shares.collect();
        tell(&format!("main job: 5000 answers at {weights:?}: {}", shares.join(", ")));
        assert_eq!((found.len(), ttls), (3, vec![10]), "{found:?}");
    }

    pub fn other_questions(&self) {
        let resolver = Resolver::new(self.lab.dns_addresses()[0]);
        assert_eq!(resolver.answers(HELLO, RecordType::AAAA), (ResponseCode::NoError, vec![]));
        assert_eq!(resolver.answers("nobody.avi.iberia.local", RecordType::A), (ResponseCode::NXDomain, vec![]));
        let (code, soa) = resolver.answers("avi.iberia.local", RecordType::SOA);
        assert_eq!((code, soa.len()), (ResponseCode::NoError, 1));
        assert!(soa[0].starts_with("ns.avi.iberia.local. "), "{soa:?}");
    }

    pub fn answers_to_the_usual_tools(&self) {
        let resolver = Resolver::new(self.lab.dns_addresses()[2]);
        if present("dig", "one question by dig") {
            let answer = resolver.dig(&["+short", HELLO]);
            assert!(self.addresses.contains(&answer), "{answer}");
            tell(&format!("main job: dig +short {HELLO}: {answer}"));
        }
        if present("dnsperf", "2000 questions by dnsperf") {
            let figures = resolver.dnsperf(HELLO, 2000, &self.lab.dir().join("questions"));
            let figure = |title: &str| figures[title].clone();
            assert_eq!(figure("Queries completed"), "2000 (100.00%)");
            assert_eq!(figure("Response codes"), "NOERROR 2000 (100.00%)");
            tell(&format!("main job: dnsperf: 2000 of 2000 answered, {} per second", figure("Queries per second")));
        }
    }
}
