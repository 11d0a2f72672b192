//! A file as a rule sees it: its text, and its code as tokens, where comments and strings do not count.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One file of the repository.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path from the root of the repository, with `/`.
    pub path: String,
    pub text: String,
}

impl SourceFile {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The code in order, groups opened up; empty when it is not Rust (rule `parses` reports that).
    pub fn tokens(&self) -> Vec<String> {
        let mut tokens = Vec::new();
        flatten(self.stream().unwrap_or_default(), &mut tokens);
        tokens
    }

    /// The code as the compiler's tokens.
    pub fn stream(&self) -> Result<TokenStream, proc_macro2::LexError> {
        self.text.parse()
    }

    pub fn finding(&self, message: &str) -> String {
        format!("{}: {message}", self.path)
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = marks(group.delimiter());
                tokens.push(open.to_owned());
                flatten(group.stream(), tokens);
                tokens.push(close.to_owned());
            }
            TokenTree::Ident(word) => tokens.push(word.to_string()),
            TokenTree::Punct(mark) => tokens.push(mark.to_string()),
            TokenTree::Literal(_) => tokens.push("\"\"".to_owned()),
        }
    }
}

fn marks(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

#[test]
fn comments_and_strings_are_not_code() {
    let file = SourceFile::new("a.rs", "// word\nlet a = \"word\"; /* word */\nb(c) // word\n");
    assert_eq!(file.tokens(), ["let", "a", "=", "\"\"", ";", "b", "(", "c", ")"]);
}
