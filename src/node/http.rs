//! A node's metrics and status over HTTP, for Prometheus and for `quorate status`.
//!
//! It shows what the node is and what it counts, but nothing that is kept in it, to everyone that
//! asks. Let only those reach its address that may know this.

use super::board::Board;
use super::metrics::{Label, openmetrics, status};
use super::stop::Stop;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
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

/// Serves `/metrics`, `/status` and `/healthz` on a thread of its own, until `stop` is used.
///
/// # Errors
/// When the address cannot be listened on.
pub fn serve(
    address: SocketAddr,
    label: Label,
    board: Board,
    stop: Stop,
) -> Result<SocketAddr, HttpError> {
    let server = Server::http(address)
        .map_err(|error| HttpError::Listen { address, reason: error.to_string() })?;
    let listens = server.server_addr().to_ip().unwrap_or(address);
    std::thread::spawn(move || {
        while !stop.is_stopped() {
            if let Ok(Some(request)) = server.recv_timeout(NAP) {
                answer(request, &label, &board);
            }
        }
    });
    Ok(listens)
}

fn answer(request: Request, label: &Label, board: &Board) {
    const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let path = request.url().split('?').next().unwrap_or_default().to_owned();
    let (code, kind, text) = match (request.method(), path.as_str()) {
        (Method::Get, "/metrics") => (200, OPENMETRICS, openmetrics(label, board)),
        (Method::Get, "/status") => (200, "application/json", status(label, board).to_string()),
        (Method::Get, "/healthz") if board.is_alive() => (200, "text/plain", "ok\n".into()),
        (Method::Get, "/healthz") => (503, "text/plain", "the node is stuck\n".into()),
        (Method::Get, _) => {
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
        let (stop, board) = (Stop::new(), Board::new());
        let patience = Duration::from_secs(10);
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let address = serve(any, label.clone(), board.clone(), stop.clone()).unwrap();
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
        let taken = serve(address, label, Board::new(), stop.clone()).unwrap_err().to_string();
        assert!(taken.contains("cannot serve metrics"), "{taken}");
        stop.stop();
    }
}
