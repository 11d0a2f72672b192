//! Text to steps. `None` means that the path is malformed or outside the subset.

use serde_json::Value;

use super::{Filter, Step, Test};

pub(super) fn steps(path: &str) -> Option<Vec<Step>> {
    let path = path.trim();
    let path = path.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(path).trim();
    let mut rest = path.strip_prefix(['$', '@']).unwrap_or(path);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, tail) = match rest.strip_prefix('[') {
            Some(inside) => bracket(inside)?,
            None => field(rest.strip_prefix('.').unwrap_or(rest))?,
        };
        steps.extend(step);
        rest = tail;
    }
    Some(steps)
}

/// A name up to the next dot or bracket; `\` takes the next character as it is. `.` alone before `[` is no step.
fn field(text: &str) -> Option<(Option<Step>, &str)> {
    let mut name = String::new();
    let mut end = text.len();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => name.push(characters.next()?.1),
            '.' | '[' => {
                end = at;
                break;
            }
            other => name.push(other),
        }
    }
    let rest = &text[end..];
    match name.as_str() {
        "" if rest.starts_with('[') || rest.is_empty() => Some((None, rest)),
        "" => None,
        "*" => Some((Some(Step::Every), rest)),
        _ => Some((Some(Step::Field(name)), rest)),
    }
}

fn bracket(inside: &str) -> Option<(Option<Step>, &str)> {
    let end = closing_bracket(inside)?;
    let content = inside[..end].trim();
    let step = if content == "*" {
        Step::Every
    } else if let Some(expression) = content.strip_prefix("?(").and_then(|rest| rest.strip_suffix(')')) {
        Step::Filter(filter(expression)?)
    } else if let Some(name) = unquote(content) {
        Step::Field(name.to_owned())
    } else {
        Step::Index(content.parse().ok()?)
    };
    Some((Some(step), &inside[end + 1..]))
}

/// Position of the `]` that ends the bracket, past quoted text and nested brackets.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_u32;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn unquote(text: &str) -> Option<&str> {
    ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
}

fn filter(expression: &str) -> Option<Filter> {
    let (left, test) = if let Some((left, right)) = expression.split_once("==") {
        (left, Test::Equals(literal(right)?))
    } else if let Some((left, right)) = expression.split_once("!=") {
        (left, Test::Differs(literal(right)?))
    } else {
        (expression, Test::Exists)
    };
    let left = left.trim();
    left.starts_with('@').then_some(())?;
    Some(Filter { path: steps(left)?, test })
}

fn literal(text: &str) -> Option<Value> {
    let text = text.trim();
    match unquote(text) {
        Some(inner) => Some(Value::from(inner)),
        None => serde_json::from_str(text).ok(),
    }
}
