//! The figures that a node shows, as Prometheus and as `quorate status` read them.

use super::board::{Board, Shown};
use super::stats::Stats;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};
use serde_json::{Value, json};
use std::borrow::Cow;

/// Whose metrics these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The cluster's name.
    pub cluster: String,
    /// Its protocol.
    pub protocol: String,
    /// The server's id.
    pub server: usize,
}

/// Why datagrams were dropped or lost, with their counts.
fn dropped(stats: &Stats) -> [(&'static str, u64); 16] {
    [
        ("oversized", stats.oversized),
        ("foreign", stats.foreign),
        ("version", stats.other_version),
        ("forged", stats.forged),
        ("malformed", stats.malformed),
        ("misdirected", stats.misdirected),
        ("impostor", stats.impostors),
        ("replaced", stats.replaced),
        ("stale", stats.stale),
        ("overrun", stats.overrun),
        ("not_admitted", stats.not_admitted),
        ("send_failed", stats.send_failed),
        ("unroutable", stats.unroutable),
        ("unsendable", stats.unsendable),
        ("overflowed", stats.overflowed),
        ("receive_failed", stats.receive_failed),
    ]
}

/// In the text format of `OpenMetrics`, which Prometheus reads.
pub(super) fn openmetrics(label: &Label, board: &Board) -> String {
    let labels = [
        ("cluster", label.cluster.clone()),
        ("protocol", label.protocol.clone()),
        ("server", label.server.to_string()),
    ];
    let labels = labels.map(|(name, value)| (Cow::Borrowed(name), Cow::Owned(value)));
    let mut registry = Registry::with_prefix_and_labels("quorate", labels.into_iter());
    let shown = board.shown();
    counters(&mut registry, &shown.stats);
    gauges(&mut registry, &shown);
    let help = "Time from a save to when it is durable";
    registry.register_with_unit("log_sync", help, Unit::Seconds, board.syncs());
    registry.register("datagram_messages", "Messages that a datagram carried", board.batches());
    let help = "Since the node was opened";
    registry.register_with_unit(
        "up",
        help,
        Unit::Seconds,
        ConstGauge::new(board.up().as_secs_f64()),
    );
    let mut text = String::new();
    // A text can always be written to.
    let _ = text::encode(&mut text, &registry);
    text
}

fn counters(registry: &mut Registry, stats: &Stats) {
    for (name, help, count) in [
        ("received_datagrams", "Datagrams that arrived", stats.received),
        ("sent_datagrams", "Datagrams that were sent", stats.sent),
        ("handlers", "Handlers that ran", stats.handlers),
        ("log_syncs", "Records of the log that were written and synced", stats.synced),
        ("welcomed_clients", "Clients that were given an id", stats.welcomed),
        ("unproven_requests", "Requests that were answered with a cookie", stats.unproven),
        ("relayed_answers", "Answers given to other servers to pass on", stats.relayed),
        ("passed_on_answers", "Answers passed on for other servers", stats.passed_on),
    ] {
        registry.register(name, help, ConstCounter::new(count));
    }
    let drops = Family::<[(&'static str, &'static str); 1], Counter>::default();
    for (cause, count) in dropped(stats) {
        drops.get_or_create(&[("cause", cause)]).inc_by(count);
    }
    let help = "Datagrams and messages that were dropped or lost, by cause";
    registry.register("dropped_datagrams", help, drops);
}

fn gauges(registry: &mut Registry, shown: &Shown) {
    let Shown { status, progress, log_bytes, .. } = shown;
    let role = Family::<[(&'static str, &'static str); 1], Gauge>::default();
    role.get_or_create(&[("role", status.role)]).set(1);
    registry.register("role", "1 for the role that the node has", role);
    if let Some((kind, number)) = status.epoch {
        let epoch = Family::<[(&'static str, &'static str); 1], Gauge>::default();
        epoch.get_or_create(&[("kind", kind)]).set(number.cast_signed());
        registry.register("epoch", "The view, ballot or epoch that the node is in", epoch);
    }
    let leader = status.leader.map_or(-1, |leader| usize::from(leader).cast_signed() as i64);
    let help = "The server that leads, as far as this one knows, or -1";
    registry.register("leader", help, ConstGauge::new(leader));
    let counts = [
        ("applied", "Operations or slots that were applied", progress.applied),
        ("sessions", "Clients that have a session", progress.sessions.map(|count| count as u64)),
        ("log_bytes", "The length of the log", Some(*log_bytes)),
        ("kept_records", "Records that a topic's log keeps", progress.kept.map(|it| it.records)),
        ("kept_batches", "Batches of records that it keeps", progress.kept.map(|it| it.batches)),
    ];
    for (name, help, count) in counts {
        if let Some(count) = count {
            registry.register(name, help, ConstGauge::new(count.cast_signed()));
        }
    }
}

/// What `quorate status` shows of the node.
pub(super) fn status(label: &Label, board: &Board) -> Value {
    let Shown { stats, status, progress, log_bytes } = board.shown();
    let id = usize::from;
    json!({
        "server": label.server,
        "cluster": label.cluster,
        "protocol": label.protocol,
        "version": env!("CARGO_PKG_VERSION"),
        "role": status.role,
        "epoch": status.epoch.map(|(kind, number)| json!({ "kind": kind, "number": number })),
        "leader": status.leader.map(id),
        "members": status.members.into_iter().map(id).collect::<Vec<_>>(),
        "applied": progress.applied,
        "sessions": progress.sessions,
        "kept_records": progress.kept.map(|it| it.records),
        "kept_batches": progress.kept.map(|it| it.batches),
        "log_bytes": log_bytes,
        "dropped": dropped(&stats).into_iter().filter(|(_, count)| *count > 0)
            .map(|(cause, count)| (cause.to_owned(), count.into()))
            .collect::<serde_json::Map<_, _>>(),
        "up_seconds": (board.up().as_secs_f64() * 10.0).round() / 10.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_models::{Kept, Progress, Status};
    use stateright::actor::Id;
    use std::time::Duration;

    fn board() -> Board {
        let board = Board::new();
        let stats = Stats { received: 7, forged: 3, ..Stats::default() };
        let leads = Status {
            role: "leader",
            epoch: Some(("ballot", 4)),
            leader: Some(Id::from(2)),
            ..Status::default()
        };
        let progress = Progress {
            applied: Some(11),
            sessions: Some(5),
            kept: Some(Kept { records: 9, batches: 4 }),
        };
        board.show(Shown { stats, status: leads, progress, log_bytes: 1234 });
        board.synced(Duration::from_micros(70));
        board.sent(3);
        board
    }

    fn label() -> Label {
        Label { cluster: "demo".into(), protocol: "paxos".into(), server: 2 }
    }

    #[test]
    fn every_metric_names_its_server_and_is_in_the_text_format() {
        let text = openmetrics(&label(), &board());
        let of = |rest: &str| format!("cluster=\"demo\",protocol=\"paxos\",server=\"2\"{rest}");
        for line in [
            format!("quorate_received_datagrams_total{{{}}} 7", of("")),
            format!("quorate_dropped_datagrams_total{{{}}} 3", of(",cause=\"forged\"")),
            format!("quorate_role{{{}}} 1", of(",role=\"leader\"")),
            format!("quorate_epoch{{{}}} 4", of(",kind=\"ballot\"")),
            format!("quorate_leader{{{}}} 2", of("")),
            format!("quorate_applied{{{}}} 11", of("")),
            format!("quorate_sessions{{{}}} 5", of("")),
            format!("quorate_kept_records{{{}}} 9", of("")),
            format!("quorate_kept_batches{{{}}} 4", of("")),
            format!("quorate_log_sync_seconds_count{{{}}} 1", of("")),
            format!("quorate_datagram_messages_sum{{{}}} 3.0", of("")),
        ] {
            assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn a_status_is_what_was_shown_last() {
        let status = status(&label(), &board());
        assert_eq!(status["role"], "leader");
        assert_eq!(status["epoch"]["number"], 4);
        assert_eq!((&status["applied"], &status["leader"]), (&json!(11), &json!(2)));
        assert_eq!(status["dropped"], json!({ "forged": 3 }));
    }
}
