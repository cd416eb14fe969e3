---- MODULE quorum_store_quorum_down ----
\* quorum-store quorum-down: 2 nodes of which one may crash for good, quorums, a client that puts, any losses
\*
\* Written by: quorate export --tla quorum-store --instance quorum-down
\* TLC must find 9940 distinct states.
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

\* 1: node 0, 2: node 1, 3: client 2
Nodes == 1..3

\* Messages, by number: sender, receiver, link.
\* 1: 3 -> 1: Request { seq: 1, op: Key { op: Put { key: "x", value: "a" }, level: Quorum, context: None } }
\* 2: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Write { cause: Call(Call { client: Id(2), seq: 1 }), key: "x", version: Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) }, content: Value(Some("a")) } } })
\* 3: 3 -> 2: Request { seq: 1, op: Key { op: Put { key: "x", value: "a" }, level: Quorum, context: None } }
\* 4: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Wrote { cause: Call(Call { client: Id(2), seq: 1 }), key: "x", mark: Stamp(Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) }) } })
\* 5: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Write { cause: Call(Call { client: Id(2), seq: 1 }), key: "x", version: Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, content: Value(Some("a")) } } })
\* 6: 1 -> 3: Reply { seq: 1, reply: Done { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) } } }
\* 7: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Wrote { cause: Call(Call { client: Id(2), seq: 1 }), key: "x", mark: Stamp(Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }) } })
\* 8: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Write { cause: Call(Call { client: Id(2), seq: 1 }), key: "x", version: Version { stamp: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) }, content: Value(Some("a")) } } })
\* 9: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Write { cause: Call(Call { client: Id(2), seq: 1 }), key: "x", version: Version { stamp: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(0) }, content: Value(Some("a")) } } })
\* 10: 2 -> 3: Reply { seq: 1, reply: Done { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) } } }
\* 11: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Wrote { cause: Call(Call { client: Id(2), seq: 1 }), key: "x", mark: Stamp(Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) }) } })
\* 12: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Wrote { cause: Call(Call { client: Id(2), seq: 1 }), key: "x", mark: Stamp(Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(0) }) } })
\* 13: 2 -> 3: Reply { seq: 1, reply: Done { stamp: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) } } }
\* 14: 1 -> 3: Reply { seq: 1, reply: Done { stamp: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(0) } } }
\* 15: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 16: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 17: 1 -> 3: Reply { seq: 1, reply: TimedOut }
\* 18: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [2224359006307517166, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 19: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [2224359006307517166, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 20: 2 -> 3: Reply { seq: 1, reply: TimedOut }
\* 21: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [15622231607201791084, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 22: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [15622231607201791084, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 23: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [1363061450457555009, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 24: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [4284891017545478586, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 25: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [1363061450457555009, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 26: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [4284891017545478586, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
From == <<
  3, 1, 3, 2, 2, 1, 1, 2, 1, 2, 1, 2, 2, 1, 1, 2, 1, 1, 2, 2, 2, 1, 2, 1, 1, 2
>>
To == <<
  1, 2, 2, 1, 1, 3, 2, 1, 2, 3, 2, 1, 3, 3, 2, 1, 3, 2, 1, 3, 1, 2, 1, 2, 2, 1
>>
Link == <<
  1, 2, 3, 4, 4, 5, 2, 4, 2, 6, 2, 4, 6, 5, 2, 4, 5, 2, 4, 6, 4, 2, 4, 2, 2, 4
>>
Ends == <<
  <<3, 1>>, <<1, 2>>, <<3, 2>>, <<2, 1>>, <<1, 3>>, <<2, 3>>
>>

\* What is bounded:
\* 1: timers of kind "repair"
\* 2: crashes
\* 3: timers of kind "deadline"
\* 4: restarts

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, timer Repair
\* 2: at 2, timer Repair
\* 3: at 2, crash
\* 4: at 3, timer Retry(Retry)
\* 5: at 1, timer Resend
\* 6: at 1, timer Deadline(Call { client: Id(2), seq: 1 })
\* 7: at 2, restart
\* 8: at 2, timer Resend
\* 9: at 2, timer Deadline(Call { client: Id(2), seq: 1 })
Events == 1..9
At == <<1, 2, 2, 3, 1, 1, 2, 2, 2>>
Spends == <<1, 1, 2, 0, 0, 3, 4, 0, 3>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>}, {<<2, 4>>, <<3, 5>>}, {<<4, 8>>}, {<<1, 15>>, <<5, 13>>, <<6, 14>>}, {<<7, 19>>}, {<<4, 20>>},
  {<<2, 25>>, <<3, 26>>}, {<<2, 30>>, <<3, 31>>, <<8, 28>>, <<9, 29>>}, {<<1, 35>>}, {<<7, 39>>}, {<<1, 40>>},
  {<<7, 42>>}, {}, {<<2, 45>>, <<3, 46>>, <<8, 43>>, <<9, 44>>}, {<<1, 51>>, <<5, 49>>, <<6, 50>>},
  {<<1, 55>>, <<5, 53>>, <<6, 54>>}, {<<2, 58>>, <<3, 31>>}, {}, {<<1, 64>>, <<5, 62>>, <<6, 63>>},
  {<<7, 66>>}, {<<2, 69>>, <<3, 70>>, <<8, 67>>, <<9, 68>>}, {}, {<<1, 72>>}, {<<2, 74>>, <<3, 46>>},
  {<<1, 77>>}, {<<2, 79>>, <<3, 70>>}, {<<1, 81>>}, {<<7, 84>>}, {}, {}, {}, {}, {}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<
  {}, {}, {}, {1}, {}, {}, {}, {3}, {4}, {}, {}, {}, {6, 10, 13}, {3}, {1}, {1}, {7}, {6, 10, 13}, {1}, {},
  {3}, {6, 10, 14}, {4}, {11}, {4}, {7}, {12}, {}, {6, 10, 14}, {6, 13}, {10, 14}, {6, 13}, {10, 14}
>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  (1 :> 2 @@ 5 :> 3), (2 :> 7 @@ 3 :> 6), (6 :> 9 @@ 10 :> 10 @@ 13 :> 11 @@ 14 :> 12),
  (4 :> 16 @@ 5 :> 17 @@ 8 :> 18), [x \in {} |-> 0], (6 :> 21 @@ 10 :> 22 @@ 13 :> 23 @@ 14 :> 24),
  (2 :> 7 @@ 3 :> 27), (2 :> 32 @@ 7 :> 33 @@ 9 :> 34), (1 :> 36 @@ 5 :> 37 @@ 8 :> 38), [x \in {} |-> 0],
  (1 :> 41 @@ 5 :> 3), [x \in {} |-> 0], [x \in {} |-> 0], (2 :> 47 @@ 11 :> 48), (4 :> 52 @@ 5 :> 17),
  (5 :> 56 @@ 12 :> 57), (2 :> 60 @@ 3 :> 59 @@ 9 :> 61), [x \in {} |-> 0], (4 :> 65 @@ 8 :> 18),
  [x \in {} |-> 0], (7 :> 71 @@ 9 :> 34), [x \in {} |-> 0], (1 :> 73 @@ 8 :> 38), (2 :> 76 @@ 3 :> 75),
  (1 :> 78 @@ 5 :> 37), (3 :> 80 @@ 9 :> 61), (1 :> 82 @@ 5 :> 83), [x \in {} |-> 0], [x \in {} |-> 0],
  [x \in {} |-> 0], [x \in {} |-> 0], [x \in {} |-> 0], [x \in {} |-> 0]
>>

\* Effects: what the node is then.
Part == <<
  1, 4, 11, 2, 5, 8, 7, 6, 13, 29, 32, 33, 4, 34, 4, 9, 15, 19, 2, 3, 18, 22, 30, 31, 7, 10, 14, 8, 35, 8, 12,
  8, 17, 21, 9, 9, 25, 23, 7, 11, 16, 36, 14, 37, 14, 20, 14, 24, 15, 38, 15, 25, 16, 39, 16, 16, 27, 17, 17,
  17, 26, 19, 40, 19, 23, 41, 21, 42, 21, 28, 26, 23, 23, 24, 24, 24, 25, 25, 26, 26, 27, 27, 27, 43
>>

\* Effects: what is sent, in order.
Sends == <<
  <<15>>, <<2>>, <<7>>, <<16>>, << >>, <<5>>, <<4>>, <<3>>, << >>, << >>, << >>, << >>, <<2>>, <<17>>, <<18>>,
  <<6>>, <<7>>, <<11>>, << >>, <<1>>, << >>, << >>, << >>, << >>, <<19>>, << >>, <<8>>, <<5>>, <<20>>, <<21>>,
  << >>, <<4>>, <<10>>, <<12>>, <<18>>, <<6>>, <<7>>, <<11>>, << >>, <<22>>, <<9>>, << >>, <<8>>, <<20>>,
  <<23>>, << >>, <<4>>, <<13>>, <<2>>, <<17>>, <<22>>, <<6>>, <<9>>, <<17>>, <<24>>, <<7>>, <<14>>, <<21>>,
  <<10>>, <<4>>, <<12>>, <<2>>, <<17>>, <<25>>, <<6>>, << >>, <<5>>, <<20>>, <<26>>, << >>, <<10>>, <<25>>,
  <<6>>, <<23>>, <<13>>, <<4>>, <<22>>, <<6>>, <<26>>, <<10>>, <<24>>, <<14>>, <<7>>, << >>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<
  0, 1, 0, 0, 0, 2, 0, 3, 4, 5, 6, 7, 0, 8, 0, 9, 0, 0, 0, 10, 4, 5, 6, 7, 0, 0, 2, 0, 11, 0, 0, 0, 12, 0, 0,
  13, 0, 0, 0, 0, 1, 0, 0, 11, 0, 0, 0, 14, 0, 8, 0, 9, 0, 8, 0, 0, 15, 0, 16, 0, 0, 0, 8, 0, 9, 0, 0, 11, 0,
  0, 12, 0, 13, 0, 17, 0, 0, 13, 0, 16, 0, 18, 0, 0
>>

\* By history: what it becomes by what it sees.
Observe == <<
  (1 :> 1 @@ 2 :> 1 @@ 3 :> 1 @@ 4 :> 2 @@ 5 :> 3 @@ 6 :> 4 @@ 7 :> 5 @@ 9 :> 1 @@ 10 :> 1 @@ 12 :> 1 @@ 13 :> 1 @@ 14 :> 1 @@ 15 :> 1 @@ 16 :> 1 @@ 17 :> 1 @@ 18 :> 1),
  (2 :> 2 @@ 12 :> 2 @@ 13 :> 2 @@ 14 :> 2 @@ 16 :> 2 @@ 17 :> 2),
  (1 :> 3 @@ 9 :> 3 @@ 13 :> 3 @@ 15 :> 3 @@ 16 :> 3 @@ 18 :> 3), (9 :> 4 @@ 13 :> 4 @@ 17 :> 4),
  (12 :> 5 @@ 16 :> 5 @@ 18 :> 5)
>>

\* Nodes that are down.
Down == {5, 10, 12, 20, 28}

\* ---- The rules of the world

Range(s) == {s[i] : i \in DOMAIN s}

\* The single-copy network: at most one copy of each message is in flight, and delivering takes it.
InFlight == network
Taken(m) == network \ {m}
Without(m) == network \ {m}
With(net, sends) == net \cup Range(sends)

\* What an effect does to a node, to the history, and to a network from which something was taken.
Becomes(n, e, net) ==
  /\ node' = [node EXCEPT ![n] = Part[e]]
  /\ history' = IF Seen[e] = 0 THEN history ELSE Observe[history][Seen[e]]
  /\ network' = With(net, Sends[e])

\* A message is delivered. If that changes nothing, the message is gone.
Deliver(m) ==
  /\ m \in InFlight /\ To[m] \in Nodes
  /\ node[To[m]] \notin Down
  /\ IF m \in Ignored[node[To[m]]]
     THEN network' = Without(m) /\ UNCHANGED <<node, history>>
     ELSE Becomes(To[m], Delivery[node[To[m]]][m], Taken(m))
  /\ UNCHANGED left

\* A message is lost. A node's message to itself travels on no link.
Lose(m) ==
  /\ m \in InFlight /\ From[m] # To[m]
  /\ network' = Without(m)
  /\ UNCHANGED <<node, history>> /\ UNCHANGED left

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
     \/ \E m \in InFlight : Lose(m)
     \/ \E v \in Events : Happen(v)

Init ==
  /\ node = <<1, 2, 3>>
  /\ left = <<0, 1, 0, 0>>
  /\ history = 1
  /\ network = {1}

\* It has a step that changes nothing: where there is one, it counts as taken.
IdleHappen(v) == ENABLED (Happen(v) /\ UNCHANGED vars)

\* What is promised: weakly or strongly fair steps.
Fairness ==
  /\ \A m \in {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14} : SF_vars(Deliver(m))
  /\ \A v \in {1, 2, 4, 6, 7, 9} : WF_vars(Happen(v))
  /\ \A v \in {5, 8} : WF_vars(~IdleHappen(v) /\ Happen(v))

Spec == Init /\ [][Next]_vars /\ Fairness

\* ---- The properties

\* answered (leads-to): every request is eventually answered
Start_answered == history \in {1}
Goal_answered == history \notin {1}
LeadsTo_answered == Start_answered ~> Goal_answered

\* written (always): a read returns what somebody wrote
Always_written == history \notin {}

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
