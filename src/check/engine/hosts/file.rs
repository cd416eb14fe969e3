//! The file of hosts: where the processes of a check listen, one `address:port` a line.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// More processes than these would mostly wait for each other.
pub(super) const MAX_PROCESSES: usize = 64;

/// Why processes cannot check together.
#[derive(Debug, thiserror::Error)]
pub enum HostsError {
    /// The program has no code for it.
    #[error(
        "this program was built without the feature `hosts`, which --hosts needs: \
         cargo build --release --features hosts"
    )]
    NotBuilt,
    /// The file cannot be read.
    #[error("cannot read the file of hosts {path}: {source}", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is no address.
    #[error(
        "line {line} of the file of hosts is {text:?}: {why}; each line is ADDRESS:PORT, \
         such as 10.0.0.1:4100"
    )]
    Line {
        /// Its number.
        line: usize,
        /// What it says.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Too few, or too many.
    #[error(
        "the file of hosts names {0} processes; a check by several has 2 to {MAX_PROCESSES}, \
         one ADDRESS:PORT a line"
    )]
    Count(usize),
    /// There is no such process.
    #[error(
        "there is no process {number}: the file of hosts names {processes}, which are 0 to {last}",
        last = processes - 1
    )]
    Number {
        /// Which one was asked for.
        number: usize,
        /// How many there are.
        processes: usize,
    },
    /// The processes did not come together.
    #[error("{0}")]
    Meet(String),
}

/// The addresses in a file of hosts. Empty lines and what follows a `#` do not count.
///
/// # Errors
/// When the file cannot be read, or is no file of hosts.
pub(super) fn read(path: &Path) -> Result<Vec<String>, HostsError> {
    let text = fs::read_to_string(path)
        .map_err(|source| HostsError::Read { path: path.to_owned(), source })?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<String>, HostsError> {
    let mut hosts: Vec<String> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let refused = |why| HostsError::Line { line: number, text: line.to_owned(), why };
        let Some((address, port)) = line.rsplit_once(':') else {
            return Err(refused("it has no port"));
        };
        if !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err(refused("its port is no number from 1 to 65535"));
        }
        let is_bracketed = address.starts_with('[') && address.ends_with(']');
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if address.is_empty() || !(is_bracketed || address.chars().all(is_name)) {
            return Err(refused("its address is neither a name nor an IP address"));
        }
        if hosts.iter().any(|other| other == line) {
            return Err(refused("another line says the same"));
        }
        hosts.push(line.to_owned());
    }
    if !(2..=MAX_PROCESSES).contains(&hosts.len()) {
        return Err(HostsError::Count(hosts.len()));
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_a_process_a_line() {
        let text = "10.0.0.1:4100\n\n# the others\n[::1]:4100 # here\n  node-3.local:65535\n";
        assert_eq!(parse(text).unwrap(), ["10.0.0.1:4100", "[::1]:4100", "node-3.local:65535"]);
    }

    #[test]
    fn nonsense_is_refused_with_its_line() {
        for (text, why) in [
            ("", "names 0 processes"),
            ("a:1\n", "names 1 processes"),
            ("a:1\nb\n", "line 2 of the file of hosts is \"b\": it has no port"),
            ("a:1\nb:x\n", "its port is no number"),
            ("a:1\nb:0\n", "its port is no number"),
            ("a:1\nb:65536\n", "its port is no number"),
            ("a:1\n:2\n", "neither a name nor an IP address"),
            ("a:1\nb c:2\n", "neither a name nor an IP address"),
            ("a:1\n::1:2\n", "neither a name nor an IP address"),
            ("a:1\nb:2\na:1\n", "line 3 of the file of hosts is \"a:1\": another line"),
        ] {
            let said = parse(text).unwrap_err().to_string();
            assert!(said.contains(why), "{text:?}: {said}");
        }
        let many: Vec<String> = (0..65).map(|n| format!("host{n}:1")).collect();
        assert!(parse(&many.join("\n")).unwrap_err().to_string().contains("names 65 processes"));
    }
}
