//! Faults of the wire between a client and a controller.

use super::{Entry, Options, option};
use crate::avi::faults::change::{Change, Paging};
use crate::avi::faults::connection::{Certificate, ConnectionFault, Handshake};
use crate::avi::faults::effect::Effect;
use crate::avi::faults::instead::{Instead, Page, Redirect, WrongContent};
use crate::avi::faults::limit::{Limit, Over};

type Built = Result<Effect, String>;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "slow-answer",
        number: "F-1",
        what: "The answer begins late, or its body trickles; `--path /login` makes only logins slow.",
        options: &[
            option("delay", "5s", "time until the first byte"),
            option("trickle", "", "bytes per second of the body"),
        ],
        presets: &[],
        build: |options| Ok(Effect::Slow { delay: options.required_duration("delay")?, trickle: trickle(options)? }),
    },
    Entry {
        name: "server-error",
        number: "F-2",
        what: "Requests are answered with 5xx; 502 to 504 with a page of HTML.",
        options: &[
            option("status", "503", "status, or several with commas, which take turns"),
            option("retry-after", "", "seconds in the Retry-After header"),
        ],
        presets: &[("phase", "before-read")],
        build: server_error,
    },
    Entry {
        name: "reset-before-commit",
        number: "F-3",
        what: "The connection is reset before the request takes effect.",
        options: &[],
        presets: &[("phase", "before-commit")],
        build: |_| Ok(Effect::Instead(Instead::Reset)),
    },
    Entry {
        name: "reset-after-commit",
        number: "F-4",
        what: "The request takes effect, then the connection is reset without an answer.",
        options: &[],
        presets: &[],
        build: |_| Ok(Effect::Instead(Instead::Reset)),
    },
    Entry {
        name: "silence",
        number: "F-5",
        what: "Requests are accepted and never answered.",
        options: &[],
        presets: &[("phase", "before-read")],
        build: |_| Ok(Effect::Instead(Instead::Silence)),
    },
    Entry {
        name: "refuse-connections",
        number: "F-6",
        what: "Nobody listens at the controller's address.",
        options: &[],
        presets: &[],
        build: |_| Ok(Effect::Connection(ConnectionFault::Refused)),
    },
    Entry {
        name: "rate-limit",
        number: "F-32",
        what: "Requests above a rate are refused with 429, or wait for their turn.",
        options: &[
            option("rate", "0", "requests per second that go through; 0: none"),
            option("over", "refuse", "what becomes of the others: refuse or hold"),
            option("retry-after", "", "seconds in the Retry-After header"),
        ],
        presets: &[("phase", "before-read")],
        build: rate_limit,
    },
    Entry {
        name: "truncated-body",
        number: "F-33",
        what: "Half of the body comes, then the connection breaks.",
        options: &[],
        presets: &[],
        build: |_| Ok(Effect::Instead(Instead::Truncated)),
    },
    Entry {
        name: "cut-json",
        number: "F-34",
        what: "Half of the JSON comes, and its length says that this is all.",
        options: &[],
        presets: &[],
        build: |_| Ok(Effect::Instead(Instead::CutJson)),
    },
    Entry {
        name: "wrong-content",
        number: "F-35",
        what: "The status is 200 and the body is not what was asked for.",
        options: &[option("content", "html", "html, empty, other-json, bom or non-utf8")],
        presets: &[],
        build: |options| Ok(Effect::Instead(Instead::Wrong(options.choice("content", CONTENTS)?))),
    },
    Entry {
        name: "huge-answer",
        number: "F-36",
        what: "The answer is a collection of very large objects.",
        options: &[option("objects", "200", "how many"), option("bytes", "1000000", "size of each")],
        presets: &[("method", "GET"), ("path", "/api/")],
        build: |options| {
            let (objects, bytes) = (options.required("objects")?, options.required("bytes")?);
            Ok(Effect::Instead(Instead::Huge { objects, bytes }))
        },
    },
    Entry {
        name: "paging",
        number: "F-37",
        what: "The pages of collections do not fit together.",
        options: &[
            option("trouble", "next-missing", "next-missing, next-loops, shrinking, count-wrong or page-404"),
            option("page-size", "", "objects on a page at most, whatever the client asks for"),
        ],
        presets: &[("method", "GET"), ("path", "/api/")],
        build: |options| {
            let (trouble, page_size) = (options.choice("trouble", PAGINGS)?, options.parsed("page-size")?);
            Ok(Effect::Change(Change::Paging { trouble, page_size }))
        },
    },
    Entry {
        name: "certificate",
        number: "F-38",
        what: "The controller shows another certificate.",
        options: &[option("kind", "renewed", "renewed (as good as the old one), wrong-name or expired")],
        presets: &[],
        build: |options| Ok(Effect::Connection(ConnectionFault::Certificate(options.choice("kind", CERTIFICATES)?))),
    },
    Entry {
        name: "handshake",
        number: "F-39",
        what: "TLS handshakes fail.",
        options: &[option("kind", "stall", "stall (no answer) or old-protocol (no version in common)")],
        presets: &[],
        build: |options| Ok(Effect::Connection(ConnectionFault::Handshake(options.choice("kind", HANDSHAKES)?))),
    },
    Entry {
        name: "cookies",
        number: "F-41",
        what: "Answers set new CSRF tokens, or logins set a session cookie of another name.",
        options: &[
            option("kind", "rotate", "rotate (a new CSRF token with each answer) or rename"),
            option("name", "avi-sessionid-2", "the new name"),
        ],
        presets: &[],
        build: |options| {
            let rename = Change::RenameSession(options.text("name").to_owned());
            Ok(Effect::Change(options.choice("kind", &[("rotate", Change::RotateToken), ("rename", rename)])?))
        },
    },
    Entry {
        name: "keep-alive-trap",
        number: "F-51",
        what: "Connections without a request are closed without notice.",
        options: &[option("idle", "5s", "after this time")],
        presets: &[],
        build: |options| Ok(Effect::Connection(ConnectionFault::IdleClose(options.required_duration("idle")?))),
    },
    Entry {
        name: "redirect",
        number: "F-52",
        what: "Requests are answered with 302.",
        options: &[option("to", "other-host", "other-host or login")],
        presets: &[("phase", "before-read")],
        build: |options| Ok(Effect::Instead(Instead::Redirect(options.choice("to", REDIRECTS)?))),
    },
];

const CONTENTS: &[(&str, WrongContent)] = &[
    ("html", WrongContent::Html),
    ("empty", WrongContent::Empty),
    ("other-json", WrongContent::OtherJson),
    ("bom", WrongContent::Bom),
    ("non-utf8", WrongContent::NonUtf8),
];

const PAGINGS: &[(&str, Paging)] = &[
    ("next-missing", Paging::NextMissing),
    ("next-loops", Paging::NextLoops),
    ("shrinking", Paging::Shrinking),
    ("count-wrong", Paging::CountWrong),
    ("page-404", Paging::PageGone),
];

const CERTIFICATES: &[(&str, Certificate)] =
    &[("renewed", Certificate::Renewed), ("wrong-name", Certificate::WrongName), ("expired", Certificate::Expired)];

const HANDSHAKES: &[(&str, Handshake)] = &[("stall", Handshake::Stalls), ("old-protocol", Handshake::OldProtocol)];

const REDIRECTS: &[(&str, Redirect)] = &[("other-host", Redirect::OtherHost), ("login", Redirect::Login)];

fn trickle(options: &Options) -> Result<Option<u64>, String> {
    match options.parsed("trickle")? {
        Some(0) => Err(options.wrong("trickle", "is less than 1")),
        trickle => Ok(trickle),
    }
}

fn server_error(options: &Options) -> Built {
    let retry_after = options.parsed("retry-after")?;
    let page = |text: &str| {
        let status = text.trim().parse().ok().filter(|status| (400..=599).contains(status));
        status.map(|status| Page::trouble(status, retry_after)).ok_or_else(|| "is no status from 400 to 599".to_owned())
    };
    let pages = options.read("status", |text| text.split(',').map(page).collect())?;
    Ok(Effect::Instead(Instead::Pages(pages.unwrap_or_default())))
}

fn rate_limit(options: &Options) -> Built {
    let refuse = Over::Refuse(options.parsed("retry-after")?);
    let over = options.choice("over", &[("refuse", refuse), ("hold", Over::Hold)])?;
    Ok(Effect::Limit(Limit::new(options.required("rate")?, over)))
}
