//! GSLB services, their pools and members.

use super::*;

const ALGORITHMS: &[&str] = &[
    "GSLB_ALGORITHM_ROUND_ROBIN",
    "GSLB_ALGORITHM_CONSISTENT_HASH",
    "GSLB_ALGORITHM_GEO",
    "GSLB_ALGORITHM_TOPOLOGY",
    "GSLB_ALGORITHM_PREFERENCE_ORDER",
];
const POOL_ALGORITHMS: &[&str] = &["GSLB_SERVICE_ALGORITHM_PRIORITY", "GSLB_SERVICE_ALGORITHM_GEO"];
const MONITOR_SCOPES: &[&str] =
    &["GSLB_SERVICE_HEALTH_MONITOR_ALL_MEMBERS", "GSLB_SERVICE_HEALTH_MONITOR_ONLY_NON_AVI_MEMBERS"];
const DOWN_RESPONSES: &[&str] = &[
    "GSLB_SERVICE_DOWN_RESPONSE_NONE",
    "GSLB_SERVICE_DOWN_RESPONSE_ALL_RECORDS",
    "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP",
    "GSLB_SERVICE_DOWN_RESPONSE_EMPTY",
    "GSLB_SERVICE_DOWN_RESPONSE_CNAME",
];
const RECORD_TYPES: &[&str] = &["GSLB_SERVICE_RECORD_TYPE_A_AAAA_CNAME", "GSLB_SERVICE_RECORD_TYPE_SRV"];
const POOL_TYPES: &[&str] = &["GSLB_POOL_TYPE_GENERIC", "GSLB_POOL_TYPE_PRIVATE", "GSLB_POOL_TYPE_PUBLIC"];

const MEMBER: Shape = Shape::Object(&[
    object("ip", ADDRESS),
    object("public_ip", &[object("ip", ADDRESS).required()]),
    text("fqdn"),
    text("hostname"),
    flag("resolve_fqdn_to_v6"),
    text("cluster_uuid"),
    text("vs_uuid"),
    text("cloud_uuid"),
    int("ratio", 1, 20).or(Preset::Int(1)),
    flag_on("enabled"),
    object("location", GEO_LOCATION),
    int("preference_order", 1, 128).or(Preset::Int(1)).since(22, 1, 1),
    text("description"),
    any("srv_rdata").since(31, 1, 1),
]);

const POOL: Shape = Shape::Object(&[
    text("name").required(),
    choice("algorithm", ALGORITHMS).or(Preset::Text(ALGORITHMS[0])),
    choice("fallback_algorithm", ALGORITHMS),
    int("consistent_hash_mask", 1, 31),
    int("consistent_hash_mask6", 1, 127),
    int("priority", 0, 100).or(Preset::Int(10)),
    flag_on("enabled"),
    list("members", &MEMBER).required(),
    int("min_health_monitors_up", 0, i64::MAX),
    flag("manual_resume"),
    text("description"),
    choice("gslb_pool_type", POOL_TYPES).since(31, 2, 1),
]);

const DOWN_RESPONSE: &[Field] = &[
    choice("type", DOWN_RESPONSES).or(Preset::Text(DOWN_RESPONSES[0])),
    object("fallback_ip", ADDRESS),
    object("fallback_ip6", ADDRESS),
    text("fallback_cname").since(22, 1, 5),
    any("public_fallback_ip").since(31, 2, 1),
    any("public_fallback_ip6").since(31, 2, 1),
];

pub const GSLB_SERVICE: &[Field] = &[
    text("name").required(),
    text("description"),
    list("domain_names", &Shape::Text).required(),
    list("groups", &POOL).required(),
    flag_on("enabled"),
    text("created_by"),
    choice("pool_algorithm", POOL_ALGORITHMS).or(Preset::Text(POOL_ALGORITHMS[0])),
    list_of("health_monitor_refs", &Shape::Reference(Kind::HealthMonitor), 6),
    choice("health_monitor_scope", MONITOR_SCOPES).or(Preset::Text(MONITOR_SCOPES[0])),
    flag_on("controller_health_status_enabled"),
    int("min_members", 0, 65_535),
    int("num_dns_ip", 0, 20),
    int("ttl", 0, 86_400),
    object("down_response", DOWN_RESPONSE),
    flag_on("use_edns_client_subnet"),
    flag("wildcard_match"),
    flag("resolve_cname"),
    flag("site_persistence_enabled"),
    reference("application_persistence_profile_ref", Kind::PersistenceProfile),
    reference("pki_profile_ref", Kind::PkiProfile).since(22, 1, 3),
    flag("topology_policy_enabled").since(22, 1, 1),
    flag_on("is_federated"),
    flag("hm_off"),
    choice("record_type", RECORD_TYPES).since(31, 1, 1),
    flag("include_additional_records").since(31, 1, 1),
    text("vrf_uuid_for_gs").since(31, 1, 1),
    MARKERS,
    TENANT_REF,
];
