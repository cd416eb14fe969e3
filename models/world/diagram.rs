//! A run as a sequence diagram: one vertical line a node, time downwards, arrows for messages.

use super::action::Action;
use super::cluster::Cluster;
use super::observer::Observer;
use super::parts::Checkable;
use super::state::State;
use stateright::actor::{Envelope, Id};
use stateright::{Model, Path};
use std::collections::BTreeMap;
use std::fmt::Write;

const COLUMN: usize = 180;
const ROW: usize = 32;
const TOP: usize = 40;

type CommandPath<A, H> = Path<State<A, H>, <Cluster<A, H> as Model>::Action>;

/// The SVG of a path.
pub(super) fn sequence<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    path: CommandPath<A, H>,
) -> String {
    let steps: Vec<_> = path.into_vec();
    let nodes = cluster.setup().actors.len();
    let mut svg = Svg::new(nodes, steps.len());
    for node in 0..nodes {
        svg.lifeline(node, &cluster.0.name(Id::from(node)));
    }
    // When each message now in flight was first seen there.
    let mut sent: BTreeMap<Envelope<A::Msg>, usize> = BTreeMap::new();
    for (row, (state, action)) in steps.iter().enumerate() {
        let now: BTreeMap<_, _> = (state.view().envelopes())
            .map(|envelope| (envelope.clone(), sent.get(envelope).copied().unwrap_or(row)))
            .collect();
        sent = now;
        let Some(action) = action else { continue };
        let at = row + 1;
        match action {
            Action::Deliver(e) => {
                svg.arrow(e, sent.get(e).copied().unwrap_or(row), at, "black");
            }
            Action::Drop(e) => svg.arrow(e, sent.get(e).copied().unwrap_or(row), at, "#bbbbbb"),
            Action::Timeout(id, timer) => svg.event(*id, at, &format!("{timer:?}"), "#1f6feb"),
            Action::Choose(id, _, choice) => svg.event(*id, at, &format!("{choice:?}"), "#1f6feb"),
            Action::Crash(id) => svg.event(*id, at, "crash", "#cf222e"),
            Action::Restart(id) => svg.event(*id, at, "restart", "#1a7f37"),
            Action::Flush(id) => svg.event(*id, at, "disk write", "#1a7f37"),
        }
    }
    svg.finish()
}

struct Svg {
    text: String,
    height: usize,
}

impl Svg {
    fn new(nodes: usize, rows: usize) -> Self {
        let width = COLUMN * nodes.max(1);
        let height = TOP + ROW * (rows + 1);
        let mut text = String::new();
        let _ = write!(
            text,
            "<svg version='1.1' baseProfile='full' xmlns='http://www.w3.org/2000/svg' \
             width='{width}' height='{height}' viewBox='0 0 {width} {height}' \
             font-family='monospace' font-size='11'>\
             <defs><marker id='arrow' markerWidth='10' markerHeight='8' refX='10' refY='4' \
             orient='auto'><polygon points='0 0, 10 4, 0 8'/></marker></defs>"
        );
        Self { text, height }
    }

    fn lifeline(&mut self, node: usize, name: &str) {
        let (x, bottom) = (column(node), self.height);
        let _ = write!(
            self.text,
            "<line x1='{x}' y1='{TOP}' x2='{x}' y2='{bottom}' stroke='#d0d7de'/>\
             <text x='{x}' y='24' text-anchor='middle' font-weight='bold'>{}</text>",
            escaped(name)
        );
    }

    fn arrow<M: std::fmt::Debug>(&mut self, e: &Envelope<M>, sent: usize, at: usize, color: &str) {
        let (x1, x2) = (column(usize::from(e.src)), column(usize::from(e.dst)));
        let (y1, y2) = (row(sent), row(at));
        let _ = write!(
            self.text,
            "<line x1='{x1}' y1='{y1}' x2='{x2}' y2='{y2}' stroke='{color}' \
             marker-end='url(#arrow)'/>\
             <text x='{x2}' y='{}' text-anchor='middle' fill='{color}'>{}</text>",
            y2 - 5,
            escaped(&format!("{:?}", e.msg))
        );
    }

    fn event(&mut self, id: Id, at: usize, label: &str, color: &str) {
        let (x, y) = (column(usize::from(id)), row(at));
        let _ = write!(
            self.text,
            "<circle cx='{x}' cy='{y}' r='5' fill='{color}'/>\
             <text x='{}' y='{}' fill='{color}'>{}</text>",
            x + 9,
            y + 4,
            escaped(label)
        );
    }

    fn finish(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }
}

fn column(node: usize) -> usize {
    COLUMN / 2 + COLUMN * node
}

fn row(at: usize) -> usize {
    TOP + ROW * at
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&apos;")
}
