//! `quorate get`, `put`, `delete` and `cas`: one operation on a cluster's map.
//!
//! Exit codes, the same for all: 0 it was done; 1 the answer is no (the key is absent, the value
//! is not the expected one) or something is wrong; 2 bad usage; 3 no answer came in time, so
//! whether it was done cannot be told.

use super::{CliError, DONE, NO};
use quorate::models::kv::{Bytes, Op, Reply};
use quorate::node::deploy::{OpenError, WithProtocol, open_client, with_protocol};
use quorate::node::{ClusterFile, Deployable, check};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 the answer is no, or an error, 2 bad usage, \
                          3 no answer in time (it may or may not have been done)";

/// What every client command takes.
#[derive(clap::Args)]
pub(crate) struct Common {
    /// The cluster file
    #[arg(long, value_name = "FILE")]
    cluster: PathBuf,
    /// How long to wait for an answer, such as 500ms, 5s or 1m
    #[arg(long, default_value = "5s", value_name = "DURATION", value_parser = duration)]
    timeout: Duration,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Read the value of a key
///
/// Prints the value, followed by a newline.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n\nExample:\n  quorate get color --cluster cluster.toml"))]
pub(crate) struct Get {
    /// The key
    key: String,
    #[command(flatten)]
    common: Common,
}

/// Set the value of a key
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n\nExample:\n  quorate put color green --cluster cluster.toml"))]
pub(crate) struct Put {
    /// The key
    key: String,
    /// Its new value
    value: String,
    #[command(flatten)]
    common: Common,
}

/// Remove a key
///
/// Done as well if there is no such key.
#[derive(clap::Args)]
#[command(after_help = format!("{EXIT_CODES}\n\nExample:\n  quorate delete color --cluster cluster.toml"))]
pub(crate) struct Delete {
    /// The key
    key: String,
    #[command(flatten)]
    common: Common,
}

/// Compare and swap: set the value of a key only if it is what is expected
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("before").required(true),
    group = clap::ArgGroup::new("after").required(true),
    after_help = format!(
        "{EXIT_CODES}\n\nExamples:\n  \
         quorate cas color --expected green blue --cluster cluster.toml\n  \
         quorate cas color --absent green --cluster cluster.toml\n  \
         quorate cas color --expected blue --remove --cluster cluster.toml"
    )
)]
pub(crate) struct Cas {
    /// The key
    key: String,
    /// Its new value
    #[arg(group = "after")]
    new: Option<String>,
    /// Remove the key instead
    #[arg(long, group = "after")]
    remove: bool,
    /// The value that it must have
    #[arg(long, group = "before", value_name = "VALUE")]
    expected: Option<String>,
    /// It must be absent
    #[arg(long, group = "before")]
    absent: bool,
    #[command(flatten)]
    common: Common,
}

pub(crate) fn get(args: &Get) -> Result<u8, CliError> {
    perform(&args.common, Op::Get { key: bytes(&args.key) })
}

pub(crate) fn put(args: &Put) -> Result<u8, CliError> {
    perform(&args.common, Op::Put { key: bytes(&args.key), value: bytes(&args.value) })
}

pub(crate) fn delete(args: &Delete) -> Result<u8, CliError> {
    perform(&args.common, Op::Delete { key: bytes(&args.key) })
}

pub(crate) fn cas(args: &Cas) -> Result<u8, CliError> {
    let (expected, new) = (args.expected.as_deref().map(bytes), args.new.as_deref().map(bytes));
    perform(&args.common, Op::Cas { key: bytes(&args.key), expected, new })
}

fn bytes(text: &str) -> Bytes {
    text.into()
}

fn perform(common: &Common, op: Op) -> Result<u8, CliError> {
    check(&op)?;
    let cluster = ClusterFile::load(&common.cluster)?;
    let call = Call { cluster: &cluster, op, timeout: common.timeout };
    let reply = with_protocol(&cluster, call)??;
    let mut out = std::io::stdout().lock();
    let (printed, code) = show(&reply, common.json);
    out.write_all(&printed)
        .and_then(|()| out.flush())
        .map_err(|source| CliError::Io { action: "cannot write the answer", source })?;
    if let (Reply::Value(None), false) = (&reply, common.json) {
        eprintln!("quorate: the key is absent");
    }
    Ok(code)
}

struct Call<'a> {
    cluster: &'a ClusterFile,
    op: Op,
    timeout: Duration,
}

impl WithProtocol for Call<'_> {
    type Output = Result<Reply, CliError>;

    fn with<D: Deployable>(self) -> Self::Output {
        let mut client = open_client::<D>(self.cluster)?;
        client.call(self.op, self.timeout).map_err(|error| OpenError::from(error).into())
    }
}

/// What is printed for a reply, and the exit code that it means.
fn show(reply: &Reply, as_json: bool) -> (Vec<u8>, u8) {
    let code = match reply {
        Reply::Value(None) | Reply::Swapped { swapped: false, .. } => NO,
        _ => DONE,
    };
    let printed = match reply {
        Reply::Value(value) if as_json => line(json!({ "value": text(value.as_ref()) })),
        Reply::Done if as_json => line(json!({ "done": true })),
        Reply::Swapped { swapped, found } if as_json => {
            line(json!({ "swapped": swapped, "found": text(found.as_ref()) }))
        }
        // As it is: it need not be text.
        Reply::Value(Some(value)) => [value.as_ref(), b"\n"].concat(),
        Reply::Value(None) => Vec::new(),
        Reply::Done => line("done"),
        Reply::Swapped { swapped: true, .. } => line("swapped"),
        Reply::Swapped { found: None, .. } => line("not swapped: the key is absent"),
        Reply::Swapped { found: Some(found), .. } => {
            [b"not swapped: the value is ", found.as_ref(), b"\n"].concat()
        }
    };
    (printed, code)
}

fn line(text: impl std::fmt::Display) -> Vec<u8> {
    format!("{text}\n").into_bytes()
}

/// A value in JSON: a string if it is text, else the list of its bytes.
fn text(value: Option<&Bytes>) -> Value {
    match value.map(|value| std::str::from_utf8(value.as_ref()).map_err(|_| value.as_ref())) {
        None => Value::Null,
        Some(Ok(text)) => text.into(),
        Some(Err(bytes)) => bytes.into(),
    }
}

/// Parses a duration: a number with a unit, or of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        _ => return Err(format!("`{unit}` is not a unit; use ms, s or m")),
    };
    let seconds = number.parse::<f64>().map_err(|_| "write it as 500ms, 5s or 1m".to_owned())?;
    match Duration::try_from_secs_f64(seconds * scale) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("it must be more than 0 and not astronomically long".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("5"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        for wrong in ["", "s", "5h", "-1s", "0", "1e400", "9999999999999999999999999m"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_answer_of_no_is_exit_code_1() {
        let found = Some(Bytes::from("v"));
        assert_eq!(show(&Reply::Value(found.clone()), false), (b"v\n".to_vec(), DONE));
        assert_eq!(show(&Reply::Value(None), false), (vec![], NO));
        assert_eq!(show(&Reply::Done, false), (b"done\n".to_vec(), DONE));
        let (printed, code) = show(&Reply::Swapped { swapped: false, found }, true);
        assert_eq!(
            (printed.as_slice(), code),
            (b"{\"found\":\"v\",\"swapped\":false}\n".as_slice(), NO)
        );
        let binary = Reply::Value(Some(Bytes(vec![255])));
        assert_eq!(show(&binary, true).0, b"{\"value\":[255]}\n");
    }
}
