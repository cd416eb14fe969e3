//! Standard output and standard error: all that is printed goes through here.
//!
//! A reader that has left (`| head -1`) and a disk that is full are errors like any other, not a
//! panic; `main` ends quietly on the first and says so on the second.

use super::error::CliError;
use comfy_table::Table;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, Write};

/// The width of lines where the terminal's is unknown.
const COLUMNS: usize = 80;

/// Writes to standard output, at once.
pub(crate) fn print(text: impl AsRef<[u8]>) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_ref()).and_then(|()| out.flush()).map_err(CliError::Output)
}

/// Writes a line to standard output.
pub(crate) fn line(text: impl Display) -> Result<(), CliError> {
    print(format!("{text}\n"))
}

/// Writes a JSON object as a line to standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<(), CliError> {
    line(serde_json::to_string(value).map_err(|error| CliError::Output(error.into()))?)
}

/// Writes a remark for people beside the result, on standard error.
pub(crate) fn remark(text: impl Display) {
    // A broken standard error cannot be reported.
    let _ = writeln!(io::stderr().lock(), "quorate: {text}");
}

/// How many columns a line may have: those of the terminal, or 80 where there is none.
pub(crate) fn width() -> usize {
    Table::new().width().map_or(COLUMNS, usize::from).max(COLUMNS / 2)
}

/// A text in lines of at most `width` columns: the first begins with `first`, the others with
/// `rest`. It is broken at spaces, and within a word only where the word is longer than a line.
pub(crate) fn wrapped(text: &str, first: &str, rest: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for mut word in text.split_whitespace() {
        let space = usize::from(!is_empty);
        if !is_empty && columns(&line) + space + columns(word) > width {
            lines.push_str(&line);
            lines.push('\n');
            rest.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        let mut room = width.saturating_sub(columns(&line)).max(1);
        while columns(word) > room {
            let end = word.char_indices().nth(room).map_or(word.len(), |(at, _)| at);
            lines.push_str(&line);
            lines.push_str(&word[..end]);
            lines.push('\n');
            word = &word[end..];
            rest.clone_into(&mut line);
            room = width.saturating_sub(columns(rest)).max(1);
        }
        line.push_str(word);
        is_empty = false;
    }
    lines + &line + "\n"
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrapped("one two three", "- ", "  ", 10), "- one two\n  three\n");
        assert_eq!(wrapped("a bbbbbbbbbbb c", "", " ", 5), "a\n bbbb\n bbbb\n bbb\n c\n");
        assert_eq!(wrapped("", "- ", "  ", 10), "- \n");
        assert_eq!(wrapped("→→→→→→", "", "", 4), "→→→→\n→→\n");
    }
}
