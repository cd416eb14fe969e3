//! A run as a sequence diagram: one vertical line per node, time downwards, arrows for messages.
//!
//! It is drawn for the page of stateright's Explorer, in that page's classes where it has one, and
//! with colours and a background of its own, so that it can be read wherever it is shown.

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
/// Above the first row: a caption and the names of the nodes.
const TOP: usize = 60;
const FONT: usize = 12;
/// At most how wide a letter is, in hundredths of a pixel: a little over 0.6 of the font's size.
const LETTER: usize = 740;
/// Around everything.
const MARGIN: isize = 12;
/// How many letters a label may have; the rest is in its tooltip.
const LONG: usize = 64;

// On this background each of the others has a contrast of more than 4.5 to 1.
const BACKGROUND: &str = "#142b46";
const PLAIN: &str = "#e7ecef";
const BRIGHT: &str = "#f2e27a";
const LOST: &str = "#bbbbbb";
const INNER: &str = "#8cc8ff";
const BAD: &str = "#ff9e9e";
const GOOD: &str = "#8fe3a1";

type CommandPath<A, H> = Path<State<A, H>, <Cluster<A, H> as Model>::Action>;

/// What is said beside a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caption {
    /// Above it.
    pub text: String,
    /// After how many steps its cycle begins.
    pub cycle: Option<usize>,
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// A run as an SVG image.
    pub fn diagram(&self, path: CommandPath<A, H>, caption: Option<&Caption>) -> String {
        sequence(self, path, caption)
    }
}

fn sequence<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    path: CommandPath<A, H>,
    caption: Option<&Caption>,
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
            Action::Deliver(e) => svg.arrow(e, sent.get(e).copied().unwrap_or(row), at, false),
            Action::Drop(e) => svg.arrow(e, sent.get(e).copied().unwrap_or(row), at, true),
            Action::Timeout(id, timer) => svg.event(*id, at, &format!("{timer:?}"), INNER),
            Action::Choose(id, _, choice) => svg.event(*id, at, &format!("{choice:?}"), INNER),
            Action::Crash(id) => svg.event(*id, at, "crash", BAD),
            Action::Restart(id) => svg.event(*id, at, "restart", GOOD),
            Action::Flush(id) => svg.event(*id, at, "disk write", GOOD),
            Action::Replace(id) => svg.event(*id, at, "disk replaced", BAD),
            Action::Cut(one, other) => {
                let what = format!("cut from {}", usize::from(*other));
                svg.event(*one, at, &what, BAD);
            }
        }
    }
    if let Some(caption) = caption {
        svg.caption(caption, steps.len());
    }
    svg.finish()
}

/// Where a label begins or has its middle.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
}

struct Svg {
    shapes: String,
    /// Above all shapes.
    labels: String,
    height: usize,
    /// From where to where something is drawn.
    left: isize,
    right: isize,
}

impl Svg {
    fn new(nodes: usize, rows: usize) -> Self {
        let right = (COLUMN * nodes.max(1)).cast_signed();
        Self {
            shapes: String::new(),
            labels: String::new(),
            height: TOP + ROW * (rows + 1),
            left: 0,
            right,
        }
    }

    fn lifeline(&mut self, node: usize, name: &str) {
        let (x, bottom) = (column(node), self.height);
        let _ = write!(
            self.shapes,
            "<line x1='{x}' y1='{TOP}' x2='{x}' y2='{bottom}' stroke='{LOST}' \
             stroke-width='0.5'/>"
        );
        self.label(name, x, TOP - 12, Anchor::Middle, PLAIN, "svg-actor-label");
    }

    fn arrow<M: std::fmt::Debug>(&mut self, e: &Envelope<M>, sent: usize, at: usize, lost: bool) {
        let (x1, x2) = (column(usize::from(e.src)), column(usize::from(e.dst)));
        let (y1, y2) = (row(sent), row(at));
        let (color, marker, dashes, class) = if lost {
            (LOST, "quorate-lost", " stroke-dasharray='4 4'", "")
        } else {
            (PLAIN, "quorate-arrow", "", "svg-event-label")
        };
        let _ = write!(
            self.shapes,
            "<line x1='{x1}' y1='{y1}' x2='{x2}' y2='{y2}' stroke='{color}'{dashes} \
             marker-end='url(#{marker})'/>"
        );
        let said = if lost { format!("lost: {:?}", e.msg) } else { format!("{:?}", e.msg) };
        let color = if lost { LOST } else { BRIGHT };
        self.label(&said, x2, y2 - 6, Anchor::Middle, color, class);
    }

    fn event(&mut self, id: Id, at: usize, label: &str, color: &str) {
        let (x, y) = (column(usize::from(id)), row(at));
        let _ = write!(self.shapes, "<circle cx='{x}' cy='{y}' r='5' fill='{color}'/>");
        self.label(label, x + 9, y + 4, Anchor::Start, color, "");
    }

    fn caption(&mut self, caption: &Caption, rows: usize) {
        self.label(&caption.text, 0, 18, Anchor::Start, BRIGHT, "svg-event-label");
        let Some(cycle) = caption.cycle.filter(|cycle| *cycle < rows) else { return };
        let (y, right) = (row(cycle) + 8, self.right);
        let _ = write!(
            self.shapes,
            "<line x1='0' y1='{y}' x2='{right}' y2='{y}' stroke='{BRIGHT}' \
             stroke-dasharray='2 4'/>"
        );
        let said = "the cycle, repeated for ever";
        self.label(said, 0, y + 13, Anchor::Start, BRIGHT, "svg-event-label");
    }

    /// A text with a rim in the colour of the background, so that no line runs through it.
    fn label(&mut self, text: &str, x: usize, y: usize, anchor: Anchor, color: &str, class: &str) {
        // A caption has the line to itself.
        let is_short = text.chars().count() <= LONG || y < TOP;
        let shown: String = if is_short {
            text.to_owned()
        } else {
            text.chars().take(LONG - 1).chain(['…']).collect()
        };
        let width = (shown.chars().count() * LETTER).div_ceil(100).cast_signed();
        let (anchor, begin) = match anchor {
            Anchor::Start => ("start", x.cast_signed()),
            Anchor::Middle => ("middle", x.cast_signed() - width / 2 - 1),
        };
        self.left = self.left.min(begin);
        self.right = self.right.max(begin + width + 2);
        let _ = write!(
            self.labels,
            "<text x='{x}' y='{y}' text-anchor='{anchor}' fill='{color}' class='{class}' \
             stroke='{BACKGROUND}' stroke-width='4' paint-order='stroke'>{}",
            escaped(&shown)
        );
        if shown != text {
            let _ = write!(self.labels, "<title>{}</title>", escaped(text));
        }
        self.labels.push_str("</text>");
    }

    fn finish(self) -> String {
        let (left, height) = (self.left - MARGIN, self.height);
        let width = self.right + MARGIN - left;
        let marker = |id: &str, color: &str| {
            format!(
                "<marker id='{id}' markerWidth='10' markerHeight='8' refX='10' refY='4' \
                 orient='auto'><polygon points='0 0, 10 4, 0 8' fill='{color}'/></marker>"
            )
        };
        format!(
            "<svg version='1.1' baseProfile='full' xmlns='http://www.w3.org/2000/svg' \
             width='{width}' height='{height}' viewBox='{left} 0 {width} {height}' \
             font-family='monospace' font-size='{FONT}'>\
             <defs>{}{}</defs>\
             <rect x='{left}' y='0' width='{width}' height='{height}' fill='{BACKGROUND}'/>\
             {}{}</svg>",
            marker("quorate-arrow", PLAIN),
            marker("quorate-lost", LOST),
            self.shapes,
            self.labels
        )
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
