//! API versions: number triples that are compared as numbers.

use std::fmt;
use std::str::FromStr;

/// A version such as `30.2.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(pub u16, pub u16, pub u16);

impl ApiVersion {
    /// What a request without a version header gets: the model of 16.4.
    pub const LEGACY: Self = Self(16, 4, 2);
    /// Older than every field that carries a version.
    pub const ALWAYS: Self = Self(0, 0, 0);
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// The text is not three numbers with dots between them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a version of the form 30.2.1")]
pub struct NotAVersion(String);

impl FromStr for ApiVersion {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotAVersion(text.to_owned());
        let numbers: Vec<u16> = text.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| refused())?;
        match numbers[..] {
            [major, minor, patch] => Ok(Self(major, minor, patch)),
            [major, minor] => Ok(Self(major, minor, 0)),
            _ => Err(refused()),
        }
    }
}
