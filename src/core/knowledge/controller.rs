//! What keeps the controller from being worked with.

/// The kind of trouble, one for each cause that a person mends differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// No answer.
    Unreachable,
    CertificateNotTrusted,
    /// Username or password are refused.
    CredentialsRefused,
    AccountLocked,
    TooManySessions,
    /// It takes no writes for a while.
    Maintenance,
    /// It does not know the API version that it is asked for.
    VersionRefused,
    /// It asks for fewer requests.
    TooManyRequests,
    /// It starts, or says that it cannot work yet.
    NotReady,
    /// What answers is no controller, or leads elsewhere.
    WrongAddress,
    /// The account may not read what the operator needs.
    Forbidden,
    /// The settings for it cannot be used.
    SettingsUnusable,
    /// It answers with errors.
    Failing,
}

impl Obstacle {
    /// Reason of a condition, one CamelCase word.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unreachable => "ControllerUnreachable",
            Self::CertificateNotTrusted => "CertificateNotTrusted",
            Self::CredentialsRefused => "CredentialsRefused",
            Self::AccountLocked => "AccountLocked",
            Self::TooManySessions => "TooManySessions",
            Self::Maintenance => "Maintenance",
            Self::VersionRefused => "VersionRefused",
            Self::TooManyRequests => "TooManyRequests",
            Self::NotReady => "ControllerNotReady",
            Self::WrongAddress => "WrongAddress",
            Self::Forbidden => "Forbidden",
            Self::SettingsUnusable => "SettingsUnusable",
            Self::Failing => "ControllerFailing",
        }
    }

    /// Whether the controller answers all the same.
    pub fn answers(self) -> bool {
        match self {
            Self::Unreachable | Self::CertificateNotTrusted | Self::SettingsUnusable | Self::WrongAddress => false,
            Self::CredentialsRefused | Self::AccountLocked | Self::TooManySessions | Self::VersionRefused => false,
            Self::Maintenance | Self::TooManyRequests | Self::NotReady | Self::Forbidden | Self::Failing => true,
        }
    }
}
