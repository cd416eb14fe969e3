---- MODULE multi_primary_lww_stale ----
\* multi-primary lww-stale: last-writer-wins, 2 nodes, a client that puts at one, one that gets twice at the other
\*
\* Written by: quorate export --tla multi-primary --instance lww-stale
\* TLC must find 92 distinct states.
\*
\* Handlers and conditions are tables, made by running the code of the protocol. The rules of
\* the world, the search and what is fair are those of this module and of TLC.
EXTENDS Integers, FiniteSets, Sequences, TLC

VARIABLES
  node,     \* what each node is: its process, its timers and its disk, as one number
  left,     \* how often what is bounded may still happen
  history,  \* what the observer of messages has seen, as one number
  network   \* the messages in flight

vars == <<node, left, history, network>>

\* ---- The tables

\* 1: node 0, 2: node 1, 3: client 2, 4: client 3
Nodes == 1..4

\* Messages, by number: sender, receiver, link.
\* 1: 3 -> 1: Request { seq: 1, op: Request { op: Put { key: "x", value: "a" }, context: None } }
\* 2: 4 -> 2: Request { seq: 1, op: Request { op: Get { key: "x" }, context: None } }
\* 3: 1 -> 2: Peer(Delta(Update { key: "x", dot: Dot { node: Id(0), counter: 1 }, version: Version { order: Written(Stamp { physical: 0, logical: 1 }), value: Some("a") } }))
\* 4: 1 -> 3: Reply { seq: 1, reply: Done }
\* 5: 2 -> 4: Reply { seq: 1, reply: Values { values: [], context: Context { known: VersionVector({}), tag: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }, more: false } }
\* 6: 4 -> 2: Request { seq: 2, op: Request { op: Get { key: "x" }, context: None } }
\* 7: 2 -> 4: Reply { seq: 1, reply: Values { values: ["a"], context: Context { known: VersionVector({}), tag: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }, more: false } }
\* 8: 2 -> 4: Reply { seq: 2, reply: Values { values: [], context: Context { known: VersionVector({}), tag: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }, more: false } }
\* 9: 2 -> 4: Reply { seq: 2, reply: Values { values: ["a"], context: Context { known: VersionVector({}), tag: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }, more: false } }
\* 10: 1 -> 2: Peer(Digest { vector: VersionVector({}), clock: Stamp { physical: 0, logical: 0 } })
\* 11: 2 -> 1: Peer(Digest { vector: VersionVector({}), clock: Stamp { physical: 0, logical: 0 } })
\* 12: 3 -> 2: Request { seq: 1, op: Request { op: Put { key: "x", value: "a" }, context: None } }
\* 13: 4 -> 1: Request { seq: 1, op: Request { op: Get { key: "x" }, context: None } }
\* 14: 1 -> 2: Peer(Digest { vector: VersionVector({Id(0): 1}), clock: Stamp { physical: 0, logical: 1 } })
\* 15: 2 -> 1: Peer(Digest { vector: VersionVector({Id(0): 1}), clock: Stamp { physical: 0, logical: 1 } })
\* 16: 4 -> 1: Request { seq: 2, op: Request { op: Get { key: "x" }, context: None } }
From == <<3, 4, 1, 1, 2, 4, 2, 2, 2, 1, 2, 3, 4, 1, 2, 4>>
To == <<1, 2, 2, 3, 4, 2, 4, 4, 4, 2, 1, 2, 1, 2, 1, 1>>
Link == <<1, 2, 3, 4, 5, 2, 5, 5, 5, 3, 6, 7, 8, 3, 6, 8>>
Ends == <<
  <<3, 1>>, <<4, 2>>, <<1, 2>>, <<1, 3>>, <<2, 4>>, <<2, 1>>, <<3, 2>>, <<4, 1>>
>>

\* What is bounded:
\* 1: timers of kind "gossip"
\* 2: timers of kind "retry"

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, timer Gossip
\* 2: at 2, timer Gossip
\* 3: at 3, timer Retry(Retry)
\* 4: at 4, timer Retry(Retry)
Events == 1..4
At == <<1, 2, 3, 4>>
Spends == <<1, 1, 2, 2>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>}, {<<2, 3>>}, {<<3, 7>>}, {<<4, 9>>}, {<<1, 12>>}, {<<2, 14>>}, {}, {<<4, 17>>}, {}, {}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<
  {}, {}, {}, {}, {}, {3}, {4}, {5, 7}, {5, 7, 8, 9}, {5, 7, 8, 9}
>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  (1 :> 2), (2 :> 4 @@ 3 :> 5 @@ 6 :> 6), (4 :> 8), (5 :> 10 @@ 7 :> 11), (1 :> 13), (2 :> 15 @@ 6 :> 16),
  [x \in {} |-> 0], (8 :> 18 @@ 9 :> 19), [x \in {} |-> 0], [x \in {} |-> 0]
>>

\* Effects: what the node is then.
Part == <<
  1, 5, 2, 2, 6, 2, 11, 7, 12, 8, 8, 5, 5, 6, 6, 6, 13, 9, 10
>>

\* Effects: what is sent, in order.
Sends == <<
  <<10>>, <<3, 4>>, <<11>>, <<5>>, << >>, <<8>>, <<12>>, << >>, <<13>>, <<6>>, <<6>>, <<14>>, <<4>>, <<15>>,
  <<7>>, <<9>>, <<16>>, << >>, << >>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<
  0, 1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 0, 10, 0, 11, 12, 13, 14, 15
>>

\* By history: what it becomes by what it sees.
Observe == <<
  (1 :> 2 @@ 2 :> 1 @@ 8 :> 5), (2 :> 2 @@ 3 :> 3 @@ 6 :> 4 @@ 8 :> 6 @@ 10 :> 2),
  (6 :> 7 @@ 8 :> 8 @@ 9 :> 11 @@ 10 :> 3 @@ 11 :> 3), (2 :> 4 @@ 3 :> 7 @@ 8 :> 9 @@ 10 :> 4),
  (1 :> 6 @@ 2 :> 5 @@ 4 :> 5 @@ 14 :> 12), (2 :> 6 @@ 3 :> 8 @@ 4 :> 6 @@ 6 :> 10 @@ 10 :> 6 @@ 14 :> 15),
  (8 :> 13 @@ 9 :> 16 @@ 10 :> 7 @@ 11 :> 7),
  (6 :> 14 @@ 10 :> 8 @@ 11 :> 8 @@ 12 :> 8 @@ 14 :> 21 @@ 15 :> 18),
  (2 :> 9 @@ 3 :> 13 @@ 4 :> 9 @@ 10 :> 9 @@ 14 :> 19),
  (2 :> 10 @@ 3 :> 14 @@ 4 :> 10 @@ 10 :> 10 @@ 14 :> 20),
  (6 :> 17 @@ 10 :> 11 @@ 11 :> 11 @@ 12 :> 11 @@ 15 :> 22), (1 :> 15 @@ 2 :> 12 @@ 4 :> 12),
  (10 :> 13 @@ 11 :> 13 @@ 12 :> 13 @@ 14 :> 25 @@ 15 :> 23),
  (10 :> 14 @@ 11 :> 14 @@ 12 :> 14 @@ 14 :> 26 @@ 15 :> 24),
  (2 :> 15 @@ 3 :> 21 @@ 4 :> 15 @@ 6 :> 20 @@ 10 :> 15), (10 :> 16 @@ 11 :> 16 @@ 12 :> 16 @@ 15 :> 27),
  (10 :> 17 @@ 11 :> 17 @@ 12 :> 17 @@ 15 :> 28), (6 :> 24 @@ 10 :> 18 @@ 11 :> 18 @@ 12 :> 18),
  (2 :> 19 @@ 3 :> 25 @@ 4 :> 19 @@ 10 :> 19), (2 :> 20 @@ 3 :> 26 @@ 4 :> 20 @@ 10 :> 20),
  (6 :> 26 @@ 10 :> 21 @@ 11 :> 21 @@ 12 :> 21), (6 :> 28 @@ 10 :> 22 @@ 11 :> 22 @@ 12 :> 22),
  (10 :> 23 @@ 11 :> 23 @@ 12 :> 23), (10 :> 24 @@ 11 :> 24 @@ 12 :> 24), (10 :> 25 @@ 11 :> 25 @@ 12 :> 25),
  (10 :> 26 @@ 11 :> 26 @@ 12 :> 26), (10 :> 27 @@ 11 :> 27 @@ 12 :> 27), (10 :> 28 @@ 11 :> 28 @@ 12 :> 28)
>>

\* Nodes that are down.
Down == {}

\* ---- The rules of the world

Range(s) == {s[i] : i \in DOMAIN s}

\* The set network: what was sent can be delivered at any time, again and again.
InFlight == network
Taken(m) == network
Without(m) == network \ {m}
With(net, sends) == net \cup Range(sends)

\* What an effect does to a node, to the history, and to a network from which something was taken.
Becomes(n, e, net) ==
  /\ node' = [node EXCEPT ![n] = Part[e]]
  /\ history' = IF Seen[e] = 0 THEN history ELSE Observe[history][Seen[e]]
  /\ network' = With(net, Sends[e])

\* A message is delivered. A delivery that changes nothing is no step.
Deliver(m) ==
  /\ m \in InFlight /\ To[m] \in Nodes
  /\ node[To[m]] \notin Down
  /\ m \notin Ignored[node[To[m]]]
  /\ Becomes(To[m], Delivery[node[To[m]]][m], Taken(m))
  /\ UNCHANGED left

\* What an event takes from what is left.
Pays(v) ==
  IF Spends[v] = 0 THEN UNCHANGED left
  ELSE left[Spends[v]] > 0 /\ left' = [left EXCEPT ![Spends[v]] = @ - 1]

\* An event at a node alone: a timer, a choice, a crash, a restart, a disk write or its loss.
Happen(v) ==
  \E l \in Local[node[At[v]]] :
    /\ l[1] = v
    /\ Pays(v)
    /\ Becomes(At[v], l[2], network)

\* A step.
Next ==
  /\ \/ \E m \in InFlight : Deliver(m)
     \/ \E v \in Events : Happen(v)

Init ==
  /\ node = <<1, 2, 3, 4>>
  /\ left = <<0, 0>>
  /\ history = 1
  /\ network = {1, 2}

Spec == Init /\ [][Next]_vars

\* ---- The properties

\* strong-convergence (always): nodes that have the same writes have the same state
Always_strong_convergence == node \notin {}

\* no-loss (always): an acknowledged write is present, or a write that wins over it is
Always_no_loss == <<node, history>> \notin {}

\* no-resurrection (always): a node never shows a write that it knows to be covered
Always_no_resurrection == <<node, history>> \notin {}

\* happened-before (always): a write has a higher timestamp than every write that its node knew
Always_happened_before == history \notin {}

\* unique-dots (always): a dot names one write
Always_unique_dots == history \notin {}

\* read-your-writes (always): a client reads its own writes at the node that took them
Always_read_your_writes == history \notin {}

\* at-most-once (always): a node makes at most one write of a request
Always_at_most_once == history \notin {}

\* written (always): every acknowledged put or delete made a write
Always_written == history \notin {}

\* linearizable (always): the history that clients see is linearizable
Always_linearizable == history \notin {19, 25}

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
