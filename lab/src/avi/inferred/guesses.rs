//! The open questions by number, each with what the simulated controllers do. The table in `docs/RULES.md` says the
//! same; a test compares them.

/// One open question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    /// `U-1` and so on, without gaps.
    pub id: &'static str,
    pub question: &'static str,
    pub guess: &'static str,
}

/// All of them, in order.
pub const GUESSES: &[Guess] = &[
    Guess {
        id: "U-1",
        question: "body of the 401 for an unknown or expired session",
        guess: "`detail` says that no credentials were provided",
    },
    Guess {
        id: "U-2",
        question: "answer to a login while the account is locked or has as many sessions as it may have",
        guess: "401 without the words for a wrong password",
    },
    Guess {
        id: "U-3",
        question: "text of the answer to an outdated `_last_modified`",
        guess: "a concurrent update, reload the object",
    },
    Guess {
        id: "U-4",
        question: "text for an API version newer than the controller",
        guess: "`Invalid version`, and the newest that it knows",
    },
    Guess {
        id: "U-5",
        question: "readable type names in a 409",
        guess: "first word capital, the rest small: `Gslb service`",
    },
    Guess { id: "U-6", question: "how a service appears in the list of an object's users", guess: "type and name" },
    Guess { id: "U-7", question: "body of a 404 for an unknown uuid", guess: "type, then `object not found!`" },
    Guess {
        id: "U-8",
        question: "rest of the texts for a write on a follower and during maintenance",
        guess: "the known words, then the leader or that nothing is allowed",
    },
    Guess { id: "U-9", question: "page size above 200; page past the end", guess: "400; 404" },
    Guess { id: "U-10", question: "`next` on the last page", guess: "absent" },
    Guess { id: "U-11", question: "page size when none is asked for", guess: "25" },
    Guess {
        id: "U-12",
        question: "answers to site operations, and how long no site accepts writes while the leader changes",
        guess: "one word of success; 5 s",
    },
    Guess { id: "U-13", question: "`Retry-After` with a 429", guess: "none; nothing in the lab depends on it" },
    Guess { id: "U-14", question: "whether a PUT that changes nothing moves `_last_modified`", guess: "it does not" },
    Guess { id: "U-15", question: "whether a service has `runtime/detail`", guess: "yes, the same as `runtime/`" },
    Guess {
        id: "U-16",
        question: "state and reason names of disabled and of unknown members",
        guess: "made up in the style of the known ones",
    },
    Guess {
        id: "U-17",
        question: "published maxima; answer to one object more",
        guess: "none unless a test sets one; 400 that names the limit",
    },
    Guess { id: "U-18", question: "order of addresses in a DNS answer", guess: "nothing depends on it" },
    Guess {
        id: "U-19",
        question: "what a site password reads as, and what sending that back means",
        guess: "`<sensitive>`, and the stored one stays",
    },
    Guess { id: "U-20", question: "status when an object in use is to be deleted", guess: "403" },
    Guess {
        id: "U-21",
        question: "answer to a new token, its longest life, and how many events a page has",
        guess: "201; 87600 hours; 10",
    },
];
