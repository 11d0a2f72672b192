//! Faults of the controllers' state.

use super::{Entry, OptionEntry, Options, option};
use crate::avi::condition::{NewField, References};
use crate::avi::faults::effect::Effect;
use crate::avi::journal::EventTrouble;
use crate::avi::kind::Kind;
use crate::avi::meddle::{Change, Circumstance, Deed, Meddling};
use crate::avi::version::ApiVersion;
use serde_json::{Value, json};
use std::time::Duration;

type Build = fn(&Options) -> Result<Effect, String>;

/// A fault that begins at once and lasts until it is cleared.
const fn lasting(
    name: &'static str,
    number: &'static str,
    what: &'static str,
    options: &'static [OptionEntry],
    build: Build,
) -> Entry {
    Entry { name, number, what, options, presets: &[], build }
}

/// A fault that strikes requests: of a method, below a path, and so many.
const fn striking(
    (name, number): (&'static str, &'static str),
    what: &'static str,
    presets: &'static [(&'static str, &'static str)],
    options: &'static [OptionEntry],
    build: Build,
) -> Entry {
    Entry { name, number, what, options, presets, build }
}

const SERVICE: &str = "/api/gslbservice";
const WRITE_PRESETS: &[(&str, &str)] = &[("method", "PUT"), ("path", SERVICE), ("times", "1")];
const CREATE_PRESETS: &[(&str, &str)] = &[("method", "POST"), ("path", SERVICE), ("times", "1")];

/// Their `build` gives an `Effect::Meddle`; what it does stands in `meddle/`.
pub(super) const ENTRIES: &[Entry] = &[
    lasting("session-expiry", "F-7", "All sessions are gone at once.", &[], |_| lasts(Circumstance::SessionsGone)),
    striking(
        ("session-expiry-in-burst", "F-8"),
        "All sessions are gone while calls are under way.",
        &[("path", "/api"), ("skip", "3"), ("times", "1")],
        &[],
        |_| does(Deed::DropSessions),
    ),
    striking(
        ("session-expiry-between-pages", "F-9"),
        "All sessions are gone in the middle of a walk.",
        &[("method", "GET"), ("path", SERVICE), ("skip", "1"), ("times", "1")],
        &[],
        |_| does(Deed::DropSessions),
    ),
    striking(
        ("session-419", "F-10"),
        "All sessions end with status 419.",
        &[("path", "/api"), ("times", "1")],
        &[],
        |_| does(Deed::RevokeSessions),
    ),
    striking(("permanent-401", "F-11"), "Logins succeed, and no call does.", &[("path", "/api")], &[], |_| {
        does(Deed::DropSessions)
    }),
    lasting(
        "password-changed",
        "F-12",
        "The account has another password, on all sites.",
        &[option("password", "changed", "the new one")],
        |options| lasts(Circumstance::Password(options.text("password").to_owned())),
    ),
    lasting(
        "account-locked",
        "F-13",
        "No login succeeds.",
        &[option("lock", "30m", "at most for this long")],
        |options| lasts(Circumstance::Locked(time(options, "lock")?)),
    ),
    lasting(
        "session-cap",
        "F-13",
        "The account may have only so many sessions.",
        &[option("sessions", "1", "so many; those that are there stay")],
        |options| lasts(Circumstance::SessionCap(options.required("sessions")?)),
    ),
    lasting(
        "restart",
        "F-14",
        "The controller starts again: 503, then all sessions are gone.",
        &[option("down", "60s", "how long it answers 503")],
        |options| lasts(Circumstance::Restart(time(options, "down")?, false)),
    ),
    lasting(
        "failover",
        "F-15",
        "Another node of the controller takes over: a shorter restart.",
        &[option("down", "15s", "how long it answers 503")],
        |options| lasts(Circumstance::Restart(time(options, "down")?, true)),
    ),
    striking(
        ("write-race", "F-16"),
        "Somebody changes the object just before it is written.",
        WRITE_PRESETS,
        &[option("field", "description", "the field"), option("value", "by somebody", "its new value, JSON or text")],
        |options| does(Deed::Edit(field(options))),
    ),
    lasting(
        "lost-update",
        "F-17",
        "Somebody writes an old copy over services.",
        &[option("name", "", "the service; all when not set")],
        |options| lasts(Circumstance::Edit(options.text("name").to_owned(), Change::StaleCopy)),
    ),
    striking(
        ("create-race", "F-18"),
        "Somebody creates the name just before.",
        CREATE_PRESETS,
        &[option("owner", "", "whose it is; the same owner's when not set")],
        |options| does(Deed::SendFirst(created_by(options))),
    ),
    striking(
        ("delete-race", "F-19"),
        "Somebody deletes the object just before it is written.",
        WRITE_PRESETS,
        &[],
        |_| does(Deed::Delete),
    ),
    striking(
        ("uuid-change", "F-20"),
        "Somebody deletes the object and makes it again just before it is written.",
        WRITE_PRESETS,
        &[],
        |_| does(Deed::Recreate),
    ),
    striking(
        ("delete-refused", "F-21"),
        "Somebody uses a health monitor just before it is deleted, and as long as the fault lasts.",
        &[("method", "DELETE"), ("path", "/api/healthmonitor")],
        &[option("status", "403", "of the refusal: 403 or 400")],
        |options| does(Deed::Refer(options.required("status")?)),
    ),
    striking(
        ("partial-outage", "F-22"),
        "Some requests are refused by the front proxy.",
        &[("path", "/api/healthmonitor")],
        &[option("status", "503", "of the refusal")],
        |options| does(Deed::Refuse(options.required("status")?)),
    ),
    lasting(
        "follower",
        "F-23",
        "Another site leads, as all can see.",
        &[option("leader", "", "which one; the first of the others when not set")],
        |options| lasts(Circumstance::LeaderChange(options.text("leader").to_owned(), Duration::ZERO)),
    ),
    lasting(
        "leader-change",
        "F-24",
        "Another site takes the lead; for some seconds nobody accepts writes.",
        &[
            option("leader", "", "which one; the first of the others when not set"),
            option("stale", "15s", "how long the others show the old one after that"),
        ],
        |options| lasts(Circumstance::LeaderChange(options.text("leader").to_owned(), time(options, "stale")?)),
    ),
    lasting(
        "two-leaders",
        "F-25",
        "The site claims the lead, cut off from the others.",
        &[option("view", "higher", "its view beside theirs: higher or same")],
        |options| lasts(Circumstance::Split(options.choice("view", &[("higher", true), ("same", false)])?)),
    ),
    lasting(
        "stale-leader",
        "F-26",
        "The controller has lost the lead and refuses writes, but shows itself as leader.",
        &[],
        |_| lasts(Circumstance::Demoted),
    ),
    lasting("maintenance", "F-27", "The GSLB is in maintenance mode.", &[], |_| lasts(Circumstance::Maintenance)),
    lasting(
        "upgrade",
        "F-28",
        "Writes are refused; afterwards the controller restarts with a higher version.",
        &[option("version", "31.1.1", "the one afterwards"), option("down", "60s", "how long it then answers 503")],
        |options| lasts(Circumstance::Upgrade(version(options)?, time(options, "down")?)),
    ),
    lasting(
        "other-version",
        "F-29",
        "The controller is of another release.",
        &[option("version", "22.1.1", "newest API version that it speaks")],
        |options| lasts(Circumstance::Version(version(options)?)),
    ),
    lasting(
        "tenant-missing",
        "F-30",
        "A tenant is deleted.",
        &[option("name", "", "its name; all but the default one when not set")],
        |options| lasts(Circumstance::NoTenant(options.text("name").to_owned())),
    ),
    lasting(
        "tenant-forbidden",
        "F-30",
        "The user may not look into a tenant.",
        &[option("name", "", "its name; all but the default one when not set")],
        |options| lasts(Circumstance::ForbiddenTenant(options.text("name").to_owned())),
    ),
    lasting(
        "quota",
        "F-31",
        "No more objects of a type than these.",
        &[option("type", "gslbservice", "as in paths"), option("most", "1", "how many; what is there stays")],
        |options| lasts(Circumstance::Quota(kind(options)?, options.required("most")?)),
    ),
    lasting(
        "clock-jump",
        "F-40",
        "The clock of the controllers jumps; versions of objects and expiry of cookies with it.",
        &[option("seconds", "-3600", "how far; back when negative")],
        |options| lasts(Circumstance::ClockJump(options.required("seconds")?)),
    ),
    striking(
        ("duplicate-delivery", "F-42"),
        "A proxy delivers a request twice; the second answer counts.",
        CREATE_PRESETS,
        &[],
        |_| does(Deed::SendFirst(json!({}))),
    ),
    lasting(
        "operator-edit",
        "F-43",
        "A person changes services.",
        &[
            option("name", "", "the service; all when not set"),
            option("change", "ttl", "what: ttl, member, manual-resume or pool"),
        ],
        |options| lasts(Circumstance::Edit(options.text("name").to_owned(), options.choice("change", CHANGES)?)),
    ),
    striking(
        ("foreign-domain", "F-44"),
        "Somebody creates another service with the same domain names just before.",
        CREATE_PRESETS,
        &[],
        |_| does(Deed::TakeDomains),
    ),
    lasting(
        "new-defaults",
        "F-45",
        "Objects have a field more, with a default.",
        &[
            option("type", "gslbservice", "as in paths"),
            option("field", "new_field", "names with dots between them; a list on the way means each item"),
            option("value", "true", "its default, JSON or text"),
        ],
        |options| {
            let path = options.text("field").split('.').map(str::to_owned).collect();
            lasts(Circumstance::NewField(NewField { kind: kind(options)?, path, value: value(options) }))
        },
    ),
    lasting(
        "other-references",
        "F-46",
        "References have another host, or no names.",
        &[
            option("host", "elsewhere.example", "the host; the client's when empty"),
            option("nameless", "true", "without names"),
        ],
        |options| {
            let host = options.optional("host").map(str::to_owned);
            lasts(Circumstance::References(References { host, nameless: options.flag("nameless")? }))
        },
    ),
    lasting("reversed-lists", "F-47", "Lists come in the opposite order.", &[], |_| lasts(Circumstance::ReversedLists)),
    lasting(
        "replication-lag",
        "F-48",
        "Copies reach the followers late.",
        &[option("lag", "2m", "so late")],
        |options| lasts(Circumstance::ReplicationDelay(time(options, "lag")?)),
    ),
    lasting("failed-copies", "F-48", "Copies cannot be stored.", &[], |_| lasts(Circumstance::FailedCopies)),
    lasting(
        "health-flapping",
        "F-49",
        "All members go down and come up again.",
        &[option("period", "3s", "how long each lasts")],
        |options| lasts(Circumstance::Flapping(time(options, "period")?)),
    ),
    lasting(
        "silent-events",
        "F-50",
        "Events are late, lost, doubled or out of order.",
        &[
            option("delay", "0s", "so late"),
            option("drop", "0", "every n-th is lost; 0 loses none"),
            option("repeat", "0", "every n-th is there twice; 0 repeats none"),
            option("reversed", "false", "the oldest first"),
        ],
        |options| {
            lasts(Circumstance::Events(EventTrouble {
                delay: time(options, "delay")?,
                drop_every: options.required("drop")?,
                repeat_every: options.required("repeat")?,
                reversed: options.flag("reversed")?,
            }))
        },
    ),
];

const CHANGES: &[(&str, Change)] = &[
    ("ttl", Change::Ttl),
    ("member", Change::Member),
    ("manual-resume", Change::ManualResume),
    ("pool", Change::Pool),
];

fn lasts(circumstance: Circumstance) -> Result<Effect, String> {
    Ok(Effect::Meddle(Meddling::Circumstance(circumstance)))
}

fn does(deed: Deed) -> Result<Effect, String> {
    Ok(Effect::Meddle(Meddling::Deed(deed)))
}

fn time(options: &Options, name: &str) -> Result<Duration, String> {
    options.duration(name)?.ok_or_else(|| options.wrong(name, "is missing"))
}

fn version(options: &Options) -> Result<ApiVersion, String> {
    options.required("version")
}

fn kind(options: &Options) -> Result<Kind, String> {
    Kind::of_path(options.text("type")).ok_or_else(|| options.wrong("type", "is no type of object"))
}

/// What is no JSON is text.
fn value(options: &Options) -> Value {
    let text = options.text("value");
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn field(options: &Options) -> Value {
    json!({ options.text("field"): value(options) })
}

fn created_by(options: &Options) -> Value {
    options.optional("owner").map_or_else(|| json!({"ttl": 77}), |owner| json!({"created_by": owner, "markers": []}))
}
