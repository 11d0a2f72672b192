//! What one API server is started with.

/// The name of a server, who may log in by token, and flags beyond the usual ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub(crate) name: String,
    pub(crate) users: Vec<User>,
    pub(crate) flags: Vec<String>,
}

/// A user with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
}

impl Settings {
    /// The name is a directory, a prefix in etcd and part of certificates; it must be unique in its control plane.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), users: Vec::new(), flags: Vec::new() }
    }

    /// Adds a user in these groups; [`crate::ApiServer::user`] gives the token.
    #[must_use]
    pub fn user(mut self, name: &str, groups: &[&str]) -> Self {
        self.users.push(User { name: name.to_owned(), groups: groups.iter().map(|&group| group.to_owned()).collect() });
        self
    }

    /// Adds a flag as the server reads it, for example `--watch-cache=false`. Where we set the same one, this one counts.
    #[must_use]
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }
}
