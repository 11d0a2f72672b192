//! Health monitors.

use super::*;

pub const MONITOR_TYPES: &[&str] = &[
    "HEALTH_MONITOR_PING",
    "HEALTH_MONITOR_TCP",
    "HEALTH_MONITOR_HTTP",
    "HEALTH_MONITOR_HTTPS",
    "HEALTH_MONITOR_EXTERNAL",
    "HEALTH_MONITOR_UDP",
    "HEALTH_MONITOR_DNS",
    "HEALTH_MONITOR_GSLB",
    "HEALTH_MONITOR_SIP",
    "HEALTH_MONITOR_RADIUS",
    "HEALTH_MONITOR_SMTP",
    "HEALTH_MONITOR_SMTPS",
    "HEALTH_MONITOR_POP3",
    "HEALTH_MONITOR_POP3S",
    "HEALTH_MONITOR_IMAP",
    "HEALTH_MONITOR_IMAPS",
    "HEALTH_MONITOR_FTP",
    "HEALTH_MONITOR_FTPS",
    "HEALTH_MONITOR_LDAP",
    "HEALTH_MONITOR_LDAPS",
    "HEALTH_MONITOR_SCTP",
];

const RESPONSE_CODES: &[&str] = &["HTTP_ANY", "HTTP_1XX", "HTTP_2XX", "HTTP_3XX", "HTTP_4XX", "HTTP_5XX"];
const SSL_ATTRIBUTES: &[Field] = &[
    text("ssl_profile_ref").required(),
    text("server_name"),
    reference("pki_profile_ref", Kind::PkiProfile),
    text("ssl_key_and_certificate_ref"),
];
const HTTP: &[Field] = &[
    text("http_request").or(Preset::Text("GET / HTTP/1.0")),
    list("http_response_code", &Shape::Choice(RESPONSE_CODES)).required(),
    text("http_response"),
    text("http_request_body"),
    list_of("maintenance_code", &Shape::Int(101, 599), 4),
    text("maintenance_response"),
    flag("exact_http_request"),
    int("response_size", 2_048, 16_384),
    choice("auth_type", &["AUTH_BASIC", "AUTH_NTLM"]),
    object("ssl_attributes", SSL_ATTRIBUTES),
];
const TCP: &[Field] = &[text("tcp_request"), text("tcp_response"), flag("tcp_half_open"), text("maintenance_response")];
const UDP: &[Field] = &[text("udp_request"), text("udp_response"), text("maintenance_response")];
const DNS: &[Field] = &[
    text("query_name").required(),
    text("qtype").or(Preset::Text("DNS_QUERY_TYPE")),
    text("rcode").or(Preset::Text("RCODE_NO_ERROR")),
    text("record_type").or(Preset::Text("DNS_RECORD_A")),
    text("response_string"),
];
const EXTERNAL: &[Field] =
    &[text("command_code").required(), text("command_path"), text("command_parameters"), text("command_variables")];

/// The part that belongs to each monitor type; other parts are refused.
pub const PARTS: &[(&str, &str)] = &[
    ("HEALTH_MONITOR_HTTP", "http_monitor"),
    ("HEALTH_MONITOR_HTTPS", "https_monitor"),
    ("HEALTH_MONITOR_TCP", "tcp_monitor"),
    ("HEALTH_MONITOR_UDP", "udp_monitor"),
    ("HEALTH_MONITOR_DNS", "dns_monitor"),
    ("HEALTH_MONITOR_EXTERNAL", "external_monitor"),
    ("HEALTH_MONITOR_SIP", "sip_monitor"),
    ("HEALTH_MONITOR_RADIUS", "radius_monitor"),
    ("HEALTH_MONITOR_SMTP", "smtp_monitor"),
    ("HEALTH_MONITOR_SMTPS", "smtps_monitor"),
    ("HEALTH_MONITOR_POP3", "pop3_monitor"),
    ("HEALTH_MONITOR_POP3S", "pop3s_monitor"),
    ("HEALTH_MONITOR_IMAP", "imap_monitor"),
    ("HEALTH_MONITOR_IMAPS", "imaps_monitor"),
    ("HEALTH_MONITOR_FTP", "ftp_monitor"),
    ("HEALTH_MONITOR_FTPS", "ftps_monitor"),
    ("HEALTH_MONITOR_LDAP", "ldap_monitor"),
    ("HEALTH_MONITOR_LDAPS", "ldaps_monitor"),
    ("HEALTH_MONITOR_SCTP", "sctp_monitor"),
];

/// Monitor types that need `monitor_port` when they are federated.
pub const NEED_PORT: &[&str] = &[
    "HEALTH_MONITOR_HTTP",
    "HEALTH_MONITOR_HTTPS",
    "HEALTH_MONITOR_TCP",
    "HEALTH_MONITOR_UDP",
    "HEALTH_MONITOR_EXTERNAL",
];

pub const HEALTH_MONITOR: &[Field] = &[
    text("name").required(),
    text("description"),
    choice("type", MONITOR_TYPES).required(),
    int("send_interval", 1, 3_600).or(Preset::Int(10)),
    int("receive_timeout", 1, 2_400).or(Preset::Int(4)),
    int("successful_checks", 1, 50).or(Preset::Int(2)),
    int("failed_checks", 1, 50).or(Preset::Int(2)),
    int("monitor_port", 1, 65_535),
    flag("is_federated"),
    flag("allow_duplicate_monitors"),
    flag("disable_quickstart"),
    object("authentication", &[text("username").required(), text("password").required()]),
    object("http_monitor", HTTP),
    object("https_monitor", HTTP),
    object("tcp_monitor", TCP),
    object("udp_monitor", UDP),
    object("dns_monitor", DNS),
    object("external_monitor", EXTERNAL),
    any("sip_monitor"),
    any("radius_monitor"),
    any("smtp_monitor"),
    any("smtps_monitor"),
    any("pop3_monitor"),
    any("pop3s_monitor"),
    any("imap_monitor"),
    any("imaps_monitor"),
    any("ftp_monitor"),
    any("ftps_monitor"),
    any("ldap_monitor"),
    any("ldaps_monitor"),
    any("sctp_monitor"),
    MARKERS,
    TENANT_REF,
];
