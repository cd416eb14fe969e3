//! How a failure is reported: as text on standard error, or as JSON on standard output.

use super::error::{CliError, NO_READER};
use super::out;
use serde::Serialize;

/// A failure, as JSON.
#[derive(Serialize)]
struct Failure {
    error: String,
    exit_code: u8,
}

impl CliError {
    /// Says so: as text on standard error, or as JSON on standard output.
    pub(crate) fn tell(&self, as_json: bool) {
        match self {
            // A reader that has left needs no report.
            Self::Output(_) if self.code() == NO_READER => {}
            Self::Output(_) => out::remark(self),
            _ => tell(&self.to_string(), self.code(), as_json),
        }
    }
}

pub(super) fn tell(error: &str, exit_code: u8, as_json: bool) {
    let failure = Failure { error: error.to_owned(), exit_code };
    if !as_json || out::json(&failure).is_err() {
        out::remark(error);
    }
}
