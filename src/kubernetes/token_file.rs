//! A token that lives in a file, which somebody renews.

use http::HeaderValue;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// The file is read again after this time.
const RENEW: Duration = Duration::from_secs(60);

/// The header of a token in a file. When the file cannot be read again, the last token stays in use.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    last: Mutex<(HeaderValue, Instant)>,
}

impl TokenFile {
    /// Reads the token.
    ///
    /// # Errors
    /// When there is none that a header can carry.
    pub fn open(path: &Path) -> Result<Self, String> {
        let header = read(path)?;
        Ok(Self { path: path.to_owned(), last: Mutex::new((header, Instant::now())) })
    }

    pub fn header(&self) -> HeaderValue {
        let mut last = self.last.lock();
        if last.1.elapsed() >= RENEW {
            last.0 = read(&self.path).unwrap_or_else(|_| last.0.clone());
            last.1 = Instant::now();
        }
        last.0.clone()
    }
}

/// As kubectl does: blanks and line breaks around the token do not count.
fn read(path: &Path) -> Result<HeaderValue, String> {
    let place = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("its tokenFile {place} cannot be read ({error}): mount it into this container"))?;
    match text.trim() {
        "" => Err(format!("its tokenFile {place} is empty: write a token into it")),
        token => bearer(token).map_err(|what| format!("the token in its tokenFile {place} {what}")),
    }
}

/// The value of the header that carries a token.
///
/// # Errors
/// What is wrong with the token, without quoting it.
pub fn bearer(token: &str) -> Result<HeaderValue, String> {
    let mut header = header(&format!("Bearer {token}"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The value of a header with what a user wrote.
///
/// # Errors
/// What is wrong with the text, without quoting it.
pub fn header(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::try_from(text).map_err(|_| {
        let what = if text.contains(['\n', '\r']) { "a line break" } else { "a control character" };
        format!("holds {what}, which no request can carry: write it without")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FND-E9
    #[tokio::test(start_paused = true)]
    async fn a_token_file_is_read_as_kubectl_reads_it_again_each_minute_and_kept_when_it_goes() {
        let file = std::env::temp_dir().join(format!("amko-token-file-{}", std::process::id()));
        let open = |text: &str| {
            std::fs::write(&file, text).unwrap();
            TokenFile::open(&file).map_err(|error| error.replace(&file.display().to_string(), "FILE"))
        };
        let wrong = |text: &str| open(text).map(drop).unwrap_err();
        assert_eq!(wrong(" \n"), "its tokenFile FILE is empty: write a token into it");
        assert_eq!(
            wrong("a\nb"),
            "the token in its tokenFile FILE holds a line break, which no request can carry: write it without"
        );
        let token = open("one\n").unwrap();
        let later = async |seconds| {
            crate::retry::pause(Duration::from_secs(seconds)).await;
            token.header().to_str().unwrap().to_owned()
        };
        std::fs::write(&file, "two").unwrap();
        assert_eq!(later(59).await, "Bearer one");
        assert_eq!(later(1).await, "Bearer two");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(later(60).await, "Bearer two");
        let missing = TokenFile::open(&file).map(drop).unwrap_err();
        let words = "cannot be read (No such file or directory (os error 2)): mount it into this container";
        assert_eq!(missing, format!("its tokenFile {} {words}", file.display()));
    }
}
