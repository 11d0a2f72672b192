//! Whether a Secret holds a login for the controller, and what is wrong with it: one kind of trouble and one text for each
//! cause, whatever face shows it.

use super::knowledge::Obstacle;
use super::whitespace::at_the_ends;
use std::collections::BTreeSet;

/// What a Secret holds, as far as a login goes.
#[derive(Debug, Clone, Copy)]
pub struct Offered<'a> {
    /// Name of the Secret.
    pub secret: &'a str,
    pub username: &'a str,
    pub password: &'a str,
    /// To which addresses the login may go; `None`: any.
    pub controllers: Option<&'a BTreeSet<String>>,
}

/// Why the Secret gives no login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoLogin {
    pub obstacle: Obstacle,
    /// With the remedy.
    pub text: String,
}

/// Whether there is a login, and whether it may go to `address`. An empty password, or one with a line break at its end,
/// would count as a failed login of the account.
///
/// # Errors
/// Why not.
pub fn check(offered: Offered<'_>, address: &str) -> Result<(), NoLogin> {
    let Offered { secret, username, password, controllers } = offered;
    let incomplete = |text: String| NoLogin { obstacle: Obstacle::SecretIncomplete, text };
    if username.is_empty() || password.is_empty() {
        return Err(incomplete(format!(
            "Secret {secret} has no username or no password: add keys username and password"
        )));
    }
    for (key, value) in [("username", username), ("password", password)] {
        if let Some(whitespace) = at_the_ends(value) {
            return Err(incomplete(format!(
                "Secret {secret}: the value of key {key} {whitespace}, so no login is tried with it; save it without, \
                 as printf %s or echo -n give it"
            )));
        }
    }
    if controllers.is_some_and(|controllers| !controllers.contains(address)) {
        let text = format!(
            "Secret {secret}: its key controllers does not list {address}, so its login does not go there; correct \
             spec.gslbLeader.controllerIP, or add the address to the key"
        );
        return Err(NoLogin { obstacle: Obstacle::ControllerNotListed, text });
    }
    Ok(())
}

/// The Secret may not be listed or watched. Why stands in the log only: the words may quote what could not be decoded.
pub fn unreadable(secret: &str) -> NoLogin {
    let text = format!(
        "Secret {secret} cannot be read: the log says why; the operator's service account has to be allowed to list and \
         watch it"
    );
    NoLogin { obstacle: Obstacle::SecretUnreadable, text }
}
