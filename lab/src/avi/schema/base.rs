//! Types that every controller has, GSLB or not: tenants, the cluster, clouds, local virtual services.

use super::*;

pub const TENANT: &[Field] = &[
    text("name").required(),
    text("description"),
    flag_on("local"),
    object(
        "config_settings",
        &[flag("tenant_vrf"), flag_on("se_in_provider_context"), flag_on("tenant_access_to_provider_se")],
    ),
    list("attrs", &Shape::Any),
    flag("enforce_label_group"),
    list("label_group_refs", &Shape::Text),
    text("created_by"),
];

const NODE: Shape = Shape::Object(&[
    text("name"),
    object("ip", ADDRESS).required(),
    text("vm_hostname"),
    text("vm_uuid"),
    text("vm_name"),
    text("vm_mor"),
    object("public_ip_or_name", ADDRESS),
    list("categories", &Shape::Text),
]);

pub const CLUSTER: &[Field] = &[
    text("name").required(),
    list("nodes", &NODE),
    object("virtual_ip", ADDRESS),
    flag_on("rejoin_nodes_automatically"),
    text("tenant_uuid"),
];

pub const CLOUD: &[Field] = &[text("name").required(), text("vtype"), TENANT_REF];

const VIP: Shape = Shape::Object(&[
    text("vip_id"),
    object("ip_address", ADDRESS),
    object("ip6_address", ADDRESS),
    object("floating_ip", ADDRESS),
    flag_on("enabled"),
]);
const SERVICE_PORT: Shape =
    Shape::Object(&[int("port", 0, 65_535).required(), int("port_range_end", 0, 65_535), flag("enable_ssl")]);
const DNS_INFO: Shape = Shape::Object(&[text("fqdn"), int("ttl", 0, 86_400), text("type")]);

pub const VIRTUAL_SERVICE: &[Field] = &[
    text("name").required(),
    text("description"),
    flag_on("enabled"),
    flag_on("traffic_enabled"),
    text("fqdn"),
    list("dns_info", &DNS_INFO),
    list("services", &SERVICE_PORT),
    list("vip", &VIP),
    text("vsvip_ref"),
    reference("cloud_ref", Kind::Cloud),
    text("type").or(Preset::Text("VS_TYPE_NORMAL")),
    text("application_profile_ref"),
    list("sp_pool_refs", &Shape::Text),
    text("created_by"),
    MARKERS,
    TENANT_REF,
];
