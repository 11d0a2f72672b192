//! Why an API server is not reached, or says no, in words: the innermost cause, without the wrapping of the libraries.

use super::trust::CertificateRefused;
use crate::causes::causes;
use kube::client::AuthError;
use kube::core::Status;
use std::error::Error;

/// Longest text of a server that is quoted, in characters.
const QUOTED: usize = 300;

/// What an API server, or the way to it, has to say.
pub fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => server_said(status),
        other => innermost(other),
    }
}

/// What an API server answered; of a page for people, its title.
pub fn server_said(status: &Status) -> String {
    match readable(&status.message) {
        text if text.is_empty() => format!("HTTP status {}", status.code),
        text => format!("HTTP status {}: {text}", status.code),
    }
}

/// The cause below all others, or what the TLS library says of the certificate.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let all = causes(error);
    // Before what lies below it, which may be all that a program printed.
    if let Some(login) = all.iter().find_map(|cause| cause.downcast_ref::<AuthError>()) {
        return self::login(login, Some(""));
    }
    let tls = all.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>());
    if let Some(tls) = tls {
        return in_handshake(tls);
    }
    let text = all.last().map_or_else(|| error.to_string(), ToString::to_string);
    if text.starts_with("invalid HTTP") {
        return format!("the server does not speak HTTP ({text}): is its port one for https?");
    }
    text
}

/// What is wrong with a login; `program` is the name of the program that should give credentials, empty when it is not
/// known. Some errors quote all that it printed.
pub fn login(error: &AuthError, program: Option<&str>) -> String {
    let whose = match program.unwrap_or_default() {
        "" => "its exec program".to_owned(),
        name => format!("its exec program {name:?}"),
    };
    match error {
        AuthError::AuthExecStart(error) => {
            format!("{whose} cannot be started ({error}): see that it is in this container, or use a token")
        }
        AuthError::AuthExecRun { out, .. } => format!(
            "{whose} failed ({}): run it by hand, or use a token; what it printed is not shown, for there may be a secret \
             in it",
            out.status
        ),
        AuthError::MissingCommand => "its exec entry has no command: correct it, or use a token".into(),
        _ if program.is_some() => {
            format!("{whose} gave no credentials that can be used: run it by hand, or use a token")
        }
        _ => "the credentials of its user cannot be had: use a token".into(),
    }
}

fn in_handshake(error: &rustls::Error) -> String {
    match error {
        rustls::Error::Other(other) => match other.0.downcast_ref::<CertificateRefused>() {
            Some(refused) => refused.to_string(),
            None => format!("TLS: {error}"),
        },
        rustls::Error::InvalidMessage(_) => {
            format!("the server does not speak TLS ({error}): is its port one for http?")
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the server ended the TLS handshake ({alert:?}): does it want another client certificate?")
        }
        other => format!("TLS: {other}"),
    }
}

/// One line, not too long; the title of a page of HTML.
fn readable(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let is_page = lower.contains("<html") || lower.contains("<!doctype");
    let title = || {
        let begin = lower.find("<title>")? + "<title>".len();
        let end = begin + lower[begin..].find("</title>")?;
        text.get(begin..end)
    };
    let text = if is_page { title().unwrap_or("a page of HTML") } else { text };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn status(code: u16, message: &str) -> Status {
        Status { code, message: message.into(), ..Status::default() }
    }

    /// FND-E9
    #[test]
    fn an_answer_is_told_in_one_line_without_a_page_around_it() {
        let page = "<!DOCTYPE html>\n<HTML><head><Title>502 Bad\n Gateway</Title></head><body>...</body></html>";
        let cases = [
            (status(403, "pods is forbidden"), "HTTP status 403: pods is forbidden".to_owned()),
            (status(404, "404 page not found\n"), "HTTP status 404: 404 page not found".to_owned()),
            (status(502, page), "HTTP status 502: 502 Bad Gateway".to_owned()),
            (status(500, "<html>no title"), "HTTP status 500: a page of HTML".to_owned()),
            (status(503, ""), "HTTP status 503".to_owned()),
            (status(500, &"x".repeat(1000)), format!("HTTP status 500: {}", "x".repeat(300))),
        ];
        for (status, expected) in cases {
            assert_eq!(said(&kube::Error::Api(Box::new(status))), expected);
        }
    }

    /// FND-D4: also when it fails at a renewal, below the errors of other layers.
    #[test]
    fn what_a_login_program_printed_is_never_told() {
        let out = std::process::Command::new("sh").args(["-c", "echo hush; echo hush >&2; exit 3"]).output().unwrap();
        let failed = AuthError::AuthExecRun { cmd: "login --secret hush".into(), out: Box::new(out) };
        let late = kube::Error::Service(Box::new(io::Error::other(failed)));
        let words = "its exec program failed (exit status: 3): run it by hand, or use a token; what it printed is not \
                     shown, for there may be a secret in it";
        assert_eq!(said(&late), words);
        let odd = AuthError::AuthExec("hush".into());
        let words = "its exec program gave no credentials that can be used: run it by hand, or use a token";
        assert_eq!(said(&kube::Error::Auth(odd)), words);
    }

    /// FND-E9
    #[test]
    fn the_innermost_cause_is_told() {
        let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "Connection refused (os error 111)");
        let wrapped = kube::Error::Service(Box::new(io::Error::other(io::Error::other(refused))));
        assert_eq!(said(&wrapped), "Connection refused (os error 111)");
        let tls = |error: rustls::Error| said(&kube::Error::Service(Box::new(io::Error::other(error))));
        let plain = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert_eq!(
            tls(plain),
            "the server does not speak TLS (received corrupt message of type InvalidContentType): is its port one for \
             http?"
        );
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        assert_eq!(
            tls(alert),
            "the server ended the TLS handshake (CertificateRequired): does it want another client certificate?"
        );
    }
}
