//! The rules of the world in TLA+: what a step is, on each kind of network and with each kind of fault.
//! They are written down anew here, and share nothing with the checker.

use super::tables::Tables;
use crate::models::world::{EventKind, NetworkKind};

/// What is in flight, and what becomes of it.
const SET: &str = r"
\* The set network: what was sent can be delivered at any time, again and again.
InFlight == network
Taken(m) == network
Without(m) == network \ {m}
With(net, sends) == net \cup {m \in Range(sends) : ~IsCut(m)}
Silenced(n) == {m \in network : ~(From[m] = n /\ To[m] \in Servers)}
";

const SINGLE: &str = r"
\* The single-copy network: at most one copy of each message is in flight, and delivering takes it.
InFlight == network
Taken(m) == network \ {m}
Without(m) == network \ {m}
With(net, sends) == net \cup {m \in Range(sends) : ~IsCut(m)}
Silenced(n) == {m \in network : ~(From[m] = n /\ To[m] \in Servers)}
";

const MULTISET: &str = r"
\* The multiset network: each copy is delivered at most once, in any order. By message: how many copies.
InFlight == DOMAIN network
Taken(m) ==
  [x \in {x \in DOMAIN network : x # m \/ network[x] > 1} |->
    IF x = m THEN network[x] - 1 ELSE network[x]]
Without(m) == Taken(m)
Copies(m, sends) == Cardinality({i \in DOMAIN sends : sends[i] = m})
With(net, sends) ==
  [x \in DOMAIN net \cup Range(sends) |->
    (IF x \in DOMAIN net THEN net[x] ELSE 0) + Copies(x, sends)]
Silenced(n) ==
  [x \in {x \in DOMAIN network : ~(From[x] = n /\ To[x] \in Servers)} |-> network[x]]
";

const ORDERED: &str = r"
\* Ordered links: per sender and receiver messages are delivered in the order sent. By link: its queue,
\* where there is one.
InFlight == {Head(network[l]) : l \in DOMAIN network}
Taken(m) ==
  LET l == Link[m] IN
  [k \in {k \in DOMAIN network : k # l \/ Len(network[k]) > 1} |->
    IF k = l THEN Tail(network[k]) ELSE network[k]]
Without(m) == Taken(m)
With(net, sends) ==
  [l \in DOMAIN net \cup {Link[m] : m \in Range(sends)} |->
    (IF l \in DOMAIN net THEN net[l] ELSE << >>) \o SelectSeq(sends, LAMBDA m : Link[m] = l)]
Silenced(n) ==
  [l \in {l \in DOMAIN network : ~(Ends[l][1] = n /\ Ends[l][2] \in Servers)} |-> network[l]]
";

/// A delivery that changes nothing takes the message away, except on the set network, where it is no
/// step.
const DELIVER_ON_SET: &str = r"
\* A message is delivered. A delivery that changes nothing is no step.
Deliver(m) ==
  /\ m \in InFlight /\ To[m] \in Nodes /\ ~IsCut(m)
  /\ node[To[m]] \notin Down
  /\ m \notin Ignored[node[To[m]]]
  /\ Becomes(To[m], Delivery[node[To[m]]][m], Taken(m))
  /\ UNCHANGED budget
";

const DELIVER: &str = r"
\* A message is delivered. If that changes nothing, the message is gone.
Deliver(m) ==
  /\ m \in InFlight /\ To[m] \in Nodes /\ ~IsCut(m)
  /\ node[To[m]] \notin Down
  /\ IF m \in Ignored[node[To[m]]]
     THEN network' = Without(m) /\ UNCHANGED <<node, history>>
     ELSE Becomes(To[m], Delivery[node[To[m]]][m], Taken(m))
  /\ UNCHANGED budget
";

const BECOMES: &str = r"
\* What an effect does to a node, to the history, and to a network from which something was taken.
Becomes(n, e, net) ==
  /\ node' = [node EXCEPT ![n] = Part[e]]
  /\ history' = IF Seen[e] = 0 THEN history ELSE Observe[history][Seen[e]]
  /\ network' = With(net, Sends[e])
";

const LOSE: &str = r"
\* A message is lost. A node's message to itself travels on no link.
Lose(m) ==
  /\ m \in InFlight /\ From[m] # To[m]
  /\ network' = Without(m)
  /\ UNCHANGED <<node, history>> /\ UNCHANGED budget
";

const PAYS: &str = r"
\* What an event takes from what is left.
Pays(v) ==
  IF Spends[v] = 0 THEN UNCHANGED left
  ELSE left[Spends[v]] > 0 /\ left' = [left EXCEPT ![Spends[v]] = @ - 1]
";

/// What depends on the faults of an instance.
struct Faults {
    cuts: bool,
    replaced: bool,
}

/// The rules of the world of an instance.
pub(super) fn rules(tables: &Tables) -> String {
    let is_replaced = tables.events.iter().any(|event| event.kind == EventKind::Replace);
    let cuts = !tables.setting.links.is_empty();
    let faults = Faults { cuts, replaced: is_replaced && tables.setting.refuses_former_lives };
    let network = match tables.setting.network {
        NetworkKind::Set => SET,
        NetworkKind::Single => SINGLE,
        NetworkKind::Multiset => MULTISET,
        NetworkKind::Ordered => ORDERED,
    };
    let deliver = match tables.setting.network {
        NetworkKind::Set => DELIVER_ON_SET,
        _ => DELIVER,
    };
    let rules = [
        "Range(s) == {s[i] : i \\in DOMAIN s}\n",
        &faults.cut(),
        &faults.silenced(network),
        BECOMES,
        deliver,
        if tables.setting.lossy { LOSE } else { "" },
        PAYS,
        &faults.happen(),
        &next(tables),
    ];
    faults.without_cuts(&rules.concat())
}

impl Faults {
    fn cut(&self) -> String {
        if !self.cuts {
            return String::new();
        }
        let lines = [
            "",
            "\\* Nothing that is on a cut link arrives.",
            "IsCut(m) == \\E c \\in cut : Cuts[c] = {From[m], To[m]}",
            "",
        ];
        lines.join("\n")
    }

    /// Without what no step needs.
    fn silenced(&self, network: &str) -> String {
        match network.split_once("Silenced") {
            Some((rest, _)) if !self.replaced => rest.into(),
            _ => network.into(),
        }
    }

    fn happen(&self) -> String {
        let mut lines = vec![
            "",
            "\\* An event at a node alone: a timer, a choice, a crash, a restart, a disk write or its loss.",
            "Happen(v) ==",
            "  \\E l \\in Local[node[At[v]]] :",
            "    /\\ l[1] = v",
            "    /\\ Pays(v)",
        ];
        if self.cuts {
            lines.push("    /\\ CutBy[v] \\notin cut");
            lines.push("    /\\ cut' = IF CutBy[v] = 0 THEN cut ELSE cut \\cup {CutBy[v]}");
        }
        lines.push(if self.replaced {
            "    /\\ Becomes(At[v], l[2], IF v \\in Replaced THEN Silenced(At[v]) ELSE network)"
        } else {
            "    /\\ Becomes(At[v], l[2], network)"
        });
        lines.push("");
        lines.join("\n")
    }

    fn without_cuts(&self, rules: &str) -> String {
        if self.cuts {
            return rules.replace("UNCHANGED budget", "UNCHANGED <<left, cut>>");
        }
        rules
            .replace("net \\cup {m \\in Range(sends) : ~IsCut(m)}", "net \\cup Range(sends)")
            .replace(" /\\ ~IsCut(m)", "")
            .replace("UNCHANGED budget", "UNCHANGED left")
    }
}

fn next(tables: &Tables) -> String {
    let mut steps = vec![r"\E m \in InFlight : Deliver(m)"];
    if tables.setting.lossy {
        steps.push(r"\E m \in InFlight : Lose(m)");
    }
    if !tables.events.is_empty() {
        steps.push(r"\E v \in Events : Happen(v)");
    }
    let steps: Vec<String> = steps.iter().map(|step| format!("     \\/ {step}\n")).collect();
    let within = match tables.setting.boundary {
        Some(_) => "  /\\ Within'\n",
        None => "",
    };
    let steps = steps.concat();
    format!("\n\\* A step.\nNext ==\n  /\\ {}{within}", steps.trim_start())
}
