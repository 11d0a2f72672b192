//! One thing breaks for good, and everything else goes on.

use crate::door::Door;
use crate::expected::{Blind, computed};
use crate::held::{compare, held};
use crate::objects;
use crate::support::{LEADER, World};
use amko_lab::avi::Fault;
use rand::RngExt;
use rand::rngs::StdRng;

/// What is broken.
pub enum Lasting {
    /// A cluster is not seen any more; the members that it was last seen to have stay.
    Dark(&'static str),
    /// The controller refuses every write of the service of this name.
    Refused(String),
}

impl Lasting {
    pub fn begin(world: &World, door: &Door, rng: &mut StdRng) -> Self {
        let own = world.on_controller(LEADER, "gslbservice").into_values();
        let own: Vec<_> = own.filter(|service| service["created_by"] == *crate::support::bodies::OWNER).collect();
        let lasting = if own.is_empty() || rng.random() {
            Self::Dark(["s1az2", "s2"][rng.random_range(0..2)])
        } else {
            let service = &own[rng.random_range(0..own.len())];
            let text = |field: &str| service[field].as_str().unwrap().to_owned();
            for method in ["PUT", "DELETE"] {
                let refusal = r#"{"error": "refused for good, says the test"}"#;
                let mut fault = Fault::once(LEADER, &format!("/api/gslbservice/{}", text("uuid")), 400, refusal);
                fault.method = Some(method.into());
                fault.times = u32::MAX;
                world.avi.inject(fault);
            }
            Self::Refused(text("name"))
        };
        if let Self::Dark(context) = lasting {
            world.cluster(context).set_available(false);
        }
        door.disturbed(&format!("broken for good: {}", lasting.name()));
        lasting
    }

    fn name(&self) -> &str {
        match self {
            Self::Dark(context) => context,
            Self::Refused(fqdn) => fqdn,
        }
    }

    /// An event anywhere.
    pub fn step(&self, world: &World, rng: &mut StdRng) {
        objects::step_of_addresses(world, rng);
    }

    pub async fn compare(&self, seed: u64, world: &World, door: &Door) {
        let (blind, refused) = match self {
            Self::Dark(context) => (Some(Blind { context, door }), None),
            Self::Refused(fqdn) => (None, Some(fqdn.as_str())),
        };
        let mut expected = computed(world, blind.as_ref()).await.services;
        expected.retain(|fqdn, _| Some(fqdn.as_str()) != refused);
        let now = held(world, refused).await;
        compare(seed, &now, &expected);
    }
}
