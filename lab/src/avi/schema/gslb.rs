//! The GSLB configuration: who takes part, who leads, which subdomains are served.

use super::*;

const REPLICATION_MODES: &[&str] =
    &["REPLICATION_MODE_CONTINUOUS", "REPLICATION_MODE_MANUAL", "REPLICATION_MODE_ADAPTIVE"];
const REPLICATION_POLICY: &[Field] = &[
    choice("replication_mode", REPLICATION_MODES).or(Preset::Text("REPLICATION_MODE_CONTINUOUS")),
    text("checkpoint_ref"),
];
const DNS_VS: Shape = Shape::Object(&[text("dns_vs_uuid").required(), list("domain_names", &Shape::Text)]);
const PROXY_TYPES: &[&str] = &["GSLB_HEALTH_MONITOR_PROXY_PRIVATE_MEMBERS", "GSLB_HEALTH_MONITOR_PROXY_ALL_MEMBERS"];
const PROXY: Shape =
    Shape::Object(&[text("site_uuid"), choice("proxy_type", PROXY_TYPES).or(Preset::Text(PROXY_TYPES[0]))]);
const MEMBER_TYPES: &[&str] = &["GSLB_PASSIVE_MEMBER", "GSLB_ACTIVE_MEMBER"];

const SITE: Shape = Shape::Object(&[
    text("name").required(),
    text("cluster_uuid").required(),
    text("username").required(),
    text("password").required(),
    list_of("ip_addresses", &Shape::Object(ADDRESS), 3),
    text("address"),
    int("port", 1, 65_535).or(Preset::Int(443)),
    choice("member_type", MEMBER_TYPES).or(Preset::Text(MEMBER_TYPES[0])),
    flag_on("enabled"),
    list("dns_vses", &DNS_VS),
    list("hm_proxies", &PROXY),
    flag("hm_shard_enabled"),
    object("location", GEO_LOCATION),
    int("ratio", 1, 20),
    flag("suspend_mode"),
    text("uuid"),
    object("replication_policy", REPLICATION_POLICY),
]);

const THIRD_PARTY_SITE: Shape = Shape::Object(&[
    text("name").required(),
    text("cluster_uuid"),
    flag_on("enabled"),
    list("hm_proxies", &PROXY),
    object("location", GEO_LOCATION),
    int("ratio", 1, 20),
    text("uuid"),
]);

const CLIENT_GROUP_TYPES: &[&str] = &["GSLB_IP_PUBLIC", "GSLB_IP_PRIVATE"];
const CLIENT_GROUP: &[Field] = &[
    choice("type", CLIENT_GROUP_TYPES).or(Preset::Text(CLIENT_GROUP_TYPES[0])),
    list("addrs", &Shape::Object(ADDRESS)),
    list("prefixes", &Shape::Any),
    list("ranges", &Shape::Any),
];

pub const GSLB: &[Field] = &[
    text("name").required(),
    text("description"),
    text("leader_cluster_uuid").required(),
    list("sites", &SITE).required(),
    list("third_party_sites", &THIRD_PARTY_SITE),
    list("dns_configs", &Shape::Object(&[text("domain_name").required()])),
    int("send_interval", 1, 3_600).or(Preset::Int(15)),
    int("clear_on_max_retries", 1, 1_024).or(Preset::Int(20)),
    int("error_resync_interval", 0, 3_600).or(Preset::Int(300)),
    int("async_interval", 0, 5),
    flag("maintenance_mode"),
    int("send_interval_prior_to_maintenance_mode", 0, 3_600),
    object("replication_policy", REPLICATION_POLICY),
    int("view_id", 0, i64::MAX).or(Preset::Int(0)),
    flag_on("tenant_scoped"),
    object("client_ip_addr_group", CLIENT_GROUP),
    flag("enable_config_by_members"),
    flag_on("is_federated"),
    any("leader_change_info").since(31, 2, 1),
    MARKERS,
    TENANT_REF,
];
