//! A node's metrics and status over HTTP, for Prometheus and for `quorate status`.
//!
//! It shows what the node is and what it counts, but nothing that is kept in it, to everyone that
//! asks. Let only those reach its address that may know this.

use super::board::Board;
use super::metrics::{Label, openmetrics, status};
use super::stop::Stop;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tiny_http::{Header, Method, Request, Response, Server};

/// How often it looks whether it should stop.
const NAP: Duration = Duration::from_millis(200);
/// The longest answer that is read.
const LONGEST: u64 = 4 << 20;

/// Metrics cannot be served or read.
#[derive(Debug, Error)]
pub enum HttpError {
    /// Nobody can listen there.
    #[error("cannot serve metrics on {address}: {reason}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        reason: String,
    },
    /// No answer came.
    #[error("{address} does not answer: {source}")]
    Silent {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Something else than a node answers.
    #[error("{address} answers, but not as a node does: {answer}")]
    Foreign {
        /// Where.
        address: SocketAddr,
        /// The first line of the answer.
        answer: String,
    },
}

/// The boards of the nodes of a process, each under a path of its own. Its clones are one.
#[derive(Clone, Debug, Default)]
pub struct Boards(Arc<Mutex<BTreeMap<String, (Label, Board)>>>);

impl Boards {
    /// Adds a board, under a path such as `/orders/1`; the cluster's own node has an empty one.
    pub fn add(&self, path: String, label: Label, board: Board) {
        self.lock().insert(path, (label, board));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Label, Board)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, path: &str) -> Option<(Label, Board)> {
        self.lock().get(path).cloned()
    }

    fn are_alive(&self) -> bool {
        self.lock().values().all(|(_, board)| board.is_alive())
    }
}

/// Serves `/metrics`, `/status` and `/healthz` on a thread of its own, until `stop` is used; the first
/// two of each board, under its path.
///
/// # Errors
/// When the address cannot be listened on.
pub fn serve(address: SocketAddr, boards: Boards, stop: Stop) -> Result<SocketAddr, HttpError> {
    let server = Server::http(address)
        .map_err(|error| HttpError::Listen { address, reason: error.to_string() })?;
    let listens = server.server_addr().to_ip().unwrap_or(address);
    std::thread::spawn(move || {
        while !stop.is_stopped() {
            if let Ok(Some(request)) = server.recv_timeout(NAP) {
                answer(request, &boards);
            }
        }
    });
    Ok(listens)
}

fn answer(request: Request, boards: &Boards) {
    const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let path = request.url().split('?').next().unwrap_or_default().to_owned();
    let (of, what) = path.rsplit_once('/').unwrap_or_default();
    let (code, kind, text) = match (request.method(), what, boards.get(of)) {
        (Method::Get, "healthz", _) if of.is_empty() && boards.are_alive() => {
            (200, "text/plain", "ok\n".into())
        }
        (Method::Get, "healthz", _) if of.is_empty() => {
            (503, "text/plain", "the node is stuck\n".into())
        }
        (Method::Get, "metrics", Some((label, board))) => {
            (200, OPENMETRICS, openmetrics(&label, &board))
        }
        (Method::Get, "status", Some((label, board))) => {
            (200, "application/json", status(&label, &board).to_string())
        }
        (Method::Get, ..) => {
            (404, "text/plain", "there are /metrics, /status and /healthz\n".into())
        }
        _ => (405, "text/plain", "only GET\n".into()),
    };
    let mut response = Response::from_string(text).with_status_code(code);
    if let Ok(header) = Header::from_bytes("Content-Type", kind) {
        response.add_header(header);
    }
    // A reader that has left needs no answer.
    let _ = request.respond(response);
}

/// The content at `path` there; waits at most so long for each step.
///
/// # Errors
/// When nobody answers there, or not with success.
pub fn get(address: SocketAddr, path: &str, patience: Duration) -> Result<String, HttpError> {
    let ask = || {
        let mut stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        let mut text = String::new();
        stream.take(LONGEST).read_to_string(&mut text)?;
        Ok(text)
    };
    let text: String = ask().map_err(|source| HttpError::Silent { address, source })?;
    let first = text.lines().next().unwrap_or_default();
    match text.split_once("\r\n\r\n") {
        Some((_, body)) if first.split(' ').nth(1) == Some("200") => Ok(body.into()),
        _ => Err(HttpError::Foreign { address, answer: first.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::board::Shown;

    #[test]
    fn metrics_and_status_are_served_and_nothing_else() {
        let label = Label { cluster: "demo".into(), protocol: "paxos".into(), server: 1 };
        let (stop, board, boards) = (Stop::new(), Board::new(), Boards::default());
        boards.add(String::new(), label.clone(), board.clone());
        let patience = Duration::from_secs(10);
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let address = serve(any, boards.clone(), stop.clone()).unwrap();
        let metrics = get(address, "/metrics", patience).unwrap();
        assert!(metrics.contains("quorate_handlers_total") && metrics.ends_with("# EOF\n"));
        let status: serde_json::Value =
            serde_json::from_str(&get(address, "/status", patience).unwrap()).unwrap();
        assert_eq!((&status["server"], &status["cluster"]), (&1.into(), &"demo".into()));
        assert!(get(address, "/healthz", patience).unwrap_err().to_string().contains("503"));
        board.show(Shown::default());
        assert_eq!(get(address, "/healthz", patience).unwrap(), "ok\n");
        let error = get(address, "/keys", patience).unwrap_err().to_string();
        assert!(error.contains("404"), "{error}");
        assert!(get(address, "/orders/1/status", patience).is_err());
        boards.add("/orders/1".into(), Label { server: 7, ..label }, Board::new());
        let status = get(address, "/orders/1/status", patience).unwrap();
        assert!(status.contains("\"server\":7"), "{status}");
        let error = get(address, "/healthz", patience).unwrap_err().to_string();
        assert!(error.contains("503"), "one of them shows nothing: {error}");
        let taken = serve(address, boards, stop.clone()).unwrap_err().to_string();
        assert!(taken.contains("cannot serve metrics"), "{taken}");
        stop.stop();
    }
}
