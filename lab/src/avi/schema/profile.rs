//! Persistence and CA profiles, the two other federated types that a GSLB service refers to.

use super::*;

const PERSISTENCE_TYPES: &[&str] = &[
    "PERSISTENCE_TYPE_CLIENT_IP_ADDRESS",
    "PERSISTENCE_TYPE_HTTP_COOKIE",
    "PERSISTENCE_TYPE_CUSTOM_HTTP_HEADER",
    "PERSISTENCE_TYPE_APP_COOKIE",
    "PERSISTENCE_TYPE_TLS",
    "PERSISTENCE_TYPE_CLIENT_IPV6_ADDRESS",
    GSLB_SITE_PERSISTENCE,
];
/// The persistence type that GSLB site persistence needs.
pub const GSLB_SITE_PERSISTENCE: &str = "PERSISTENCE_TYPE_GSLB_SITE";

const COOKIE_KEY: Shape = Shape::Object(&[text("name"), text("aes_key"), text("hmac_key")]);
const COOKIE: &[Field] = &[
    text("cookie_name"),
    list("key", &COOKIE_KEY),
    text("encryption_key"),
    int("timeout", 0, 14_400),
    flag("always_send_cookie"),
    flag("http_only"),
    flag("is_persistent_cookie"),
];

pub const PERSISTENCE_PROFILE: &[Field] = &[
    text("name").required(),
    text("description"),
    choice("persistence_type", PERSISTENCE_TYPES).or(Preset::Text(PERSISTENCE_TYPES[0])),
    text("server_hm_down_recovery").or(Preset::Text("HM_DOWN_PICK_NEW_SERVER")),
    flag("is_federated"),
    object("ip_persistence_profile", &[int("ip_persistent_timeout", 1, 720)]),
    object("http_cookie_persistence_profile", COOKIE),
    any("hdr_persistence_profile"),
    any("app_cookie_persistence_profile"),
    MARKERS,
    TENANT_REF,
];

pub const PKI_PROFILE: &[Field] = &[
    text("name").required(),
    list("ca_certs", &Shape::Any),
    list("crls", &Shape::Any),
    flag_on("crl_check"),
    flag_on("validate_only_leaf_crl"),
    flag("ignore_peer_chain"),
    flag("is_federated"),
    Field::new("allow_pki_errors", Shape::Any),
    text("created_by"),
    MARKERS,
    TENANT_REF,
];
