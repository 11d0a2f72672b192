//! Texts that people read everywhere: durations to the second, and what an error page says.

use std::time::Duration;

/// A duration to the second: `0s`, `45s`, `1m25s`, `2h03m`, `3d4h`. What is under way is rounded up, so that it is never
/// nothing.
pub fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h{minutes:02}m"),
        _ => format!("{days}d{hours}h"),
    }
}

/// Longest part of an answer that is quoted.
const LONGEST: usize = 256;

/// What is worth quoting of the body of an answer, in one line: of an HTML page its title, or its text without tags, and
/// of other text the beginning.
pub fn title_of(body: &str) -> String {
    let lower = body.to_ascii_lowercase();
    let is_page = lower.trim_start().starts_with('<') || lower.contains("<html") || lower.contains("<!doctype");
    let title = || between(body, &lower, "title").or_else(|| between(body, &lower, "h1")).map(str::to_owned);
    let text = if is_page { title().unwrap_or_else(|| without_tags(body)) } else { body.to_owned() };
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if is_page && one_line.is_empty() {
        return "an HTML page".to_owned();
    }
    match one_line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}

fn without_tags(page: &str) -> String {
    let parts = page.split('<').enumerate().map(|(nth, part)| match part.split_once('>') {
        Some((_, text)) if nth > 0 => text,
        // Before the first tag.
        _ if nth == 0 => part,
        // Within one that does not end.
        _ => "",
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// The text between the first tag of this name and its end. `lower` is the same in lower case.
fn between<'a>(body: &'a str, lower: &str, tag: &str) -> Option<&'a str> {
    let begin = lower.find(&format!("<{tag}"))?;
    let begin = begin + lower.get(begin..)?.find('>')? + 1;
    let end = begin + lower.get(begin..)?.find(&format!("</{tag}"))?;
    body.get(begin..end).filter(|text| !text.trim().is_empty())
}
