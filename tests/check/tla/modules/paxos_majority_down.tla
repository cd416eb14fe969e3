---- MODULE paxos_majority_down ----
\* paxos majority-down: 3 replicas of which 2 crash and stay down, a client that keeps asking
\*
\* Written by: quorate export --tla paxos --instance majority-down
\* TLC must find 5486 distinct states.
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

\* 1: replica 0, 2: replica 1, 3: replica 2, 4: client 3
Nodes == 1..4

\* Messages, by number: sender, receiver, link.
\* 1: 4 -> 1: Request { seq: 1, op: Put { key: "x", value: "a" } }
\* 2: 1 -> 2: Peer(Accept { ballot: 0.0, slot: 1, command: Request { client: Id(3), seq: 1, op: Put { key: "x", value: "a" } } })
\* 3: 1 -> 3: Peer(Accept { ballot: 0.0, slot: 1, command: Request { client: Id(3), seq: 1, op: Put { key: "x", value: "a" } } })
\* 4: 1 -> 1: Peer(Accepted { ballot: 0.0, slot: 1 })
\* 5: 4 -> 2: Request { seq: 1, op: Put { key: "x", value: "a" } }
\* 6: 2 -> 1: Peer(Accepted { ballot: 0.0, slot: 1 })
\* 7: 3 -> 1: Peer(Accepted { ballot: 0.0, slot: 1 })
\* 8: 2 -> 4: Redirect { seq: 1, epoch: 1, leader: Id(0) }
\* 9: 4 -> 3: Request { seq: 1, op: Put { key: "x", value: "a" } }
\* 10: 3 -> 4: Redirect { seq: 1, epoch: 1, leader: Id(0) }
\* 11: 1 -> 4: Reply { seq: 1, reply: Done }
\* 12: 1 -> 2: Peer(Chosen { ballot: 0.0, upto: 1 })
\* 13: 1 -> 3: Peer(Chosen { ballot: 0.0, upto: 1 })
\* 14: 1 -> 2: Peer(Heartbeat { ballot: 0.0, chosen: 0 })
\* 15: 1 -> 3: Peer(Heartbeat { ballot: 0.0, chosen: 0 })
\* 16: 2 -> 1: Peer(Prepare { ballot: 1.1, from: 1 })
\* 17: 2 -> 3: Peer(Prepare { ballot: 1.1, from: 1 })
\* 18: 3 -> 1: Peer(Prepare { ballot: 1.2, from: 1 })
\* 19: 3 -> 2: Peer(Prepare { ballot: 1.2, from: 1 })
\* 20: 1 -> 2: Peer(Heartbeat { ballot: 0.0, chosen: 1 })
\* 21: 1 -> 3: Peer(Heartbeat { ballot: 0.0, chosen: 1 })
\* 22: 2 -> 1: Peer(Prepare { ballot: 1.1, from: 2 })
\* 23: 2 -> 3: Peer(Prepare { ballot: 1.1, from: 2 })
\* 24: 3 -> 1: Peer(Prepare { ballot: 1.2, from: 2 })
\* 25: 3 -> 2: Peer(Prepare { ballot: 1.2, from: 2 })
From == <<
  4, 1, 1, 1, 4, 2, 3, 2, 4, 3, 1, 1, 1, 1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3
>>
To == <<
  1, 2, 3, 1, 2, 1, 1, 4, 3, 4, 4, 2, 3, 2, 3, 1, 3, 1, 2, 2, 3, 1, 3, 1, 2
>>
Link == <<
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 2, 3, 2, 3, 6, 12, 7, 13, 2, 3, 6, 12, 7, 13
>>
Ends == <<
  <<4, 1>>, <<1, 2>>, <<1, 3>>, <<1, 1>>, <<4, 2>>, <<2, 1>>, <<3, 1>>, <<2, 4>>, <<4, 3>>, <<3, 4>>,
  <<1, 4>>, <<2, 3>>, <<3, 2>>
>>

\* What is bounded:
\* 1: timers of kind "heartbeat"
\* 2: crashes
\* 3: timers of kind "election"
\* 4: restarts

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, timer Heartbeat
\* 2: at 1, crash
\* 3: at 2, timer Election
\* 4: at 2, crash
\* 5: at 3, timer Election
\* 6: at 3, crash
\* 7: at 4, timer Retry(Retry)
\* 8: at 1, restart
\* 9: at 2, restart
\* 10: at 3, restart
Events == 1..10
At == <<1, 1, 2, 2, 3, 3, 4, 1, 2, 3>>
Spends == <<1, 2, 3, 2, 3, 2, 0, 4, 4, 4>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>, <<2, 2>>}, {<<3, 4>>, <<4, 5>>}, {<<5, 9>>, <<6, 10>>}, {<<7, 14>>}, {<<1, 17>>, <<2, 18>>},
  {<<8, 22>>}, {<<9, 23>>}, {<<10, 24>>}, {<<7, 25>>}, {<<3, 27>>, <<4, 28>>}, {<<5, 31>>, <<6, 32>>},
  {<<1, 35>>, <<2, 18>>}, {<<8, 37>>}, {<<7, 38>>}, {<<1, 40>>, <<2, 18>>}, {<<9, 41>>},
  {<<1, 42>>, <<2, 18>>}, {<<10, 43>>}, {<<7, 44>>}, {<<1, 46>>, <<2, 47>>}, {<<7, 49>>}, {},
  {<<3, 51>>, <<4, 52>>}, {<<5, 55>>, <<6, 10>>}, {<<8, 58>>}, {<<3, 59>>, <<4, 5>>}, {<<5, 61>>, <<6, 62>>},
  {<<7, 15>>}, {<<9, 30>>}, {}, {<<10, 34>>}, {}, {}, {}, {}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<
  {}, {}, {}, {}, {1}, {}, {}, {}, {}, {}, {}, {1, 4}, {}, {}, {1, 6}, {}, {1, 7}, {}, {8, 10}, {4, 6, 7},
  {8, 10}, {8, 10, 11}, {12}, {13}, {}, {12}, {13}, {8, 10}, {}, {8, 10, 11}, {}, {8, 10, 11}, {8, 10, 11},
  {8, 10, 11}, {8, 10, 11}
>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  (1 :> 3), (2 :> 7 @@ 5 :> 6 @@ 12 :> 8), (3 :> 11 @@ 9 :> 12 @@ 13 :> 13),
  (8 :> 15 @@ 10 :> 15 @@ 11 :> 16), (4 :> 19 @@ 6 :> 20 @@ 7 :> 21), [x \in {} |-> 0], [x \in {} |-> 0],
  [x \in {} |-> 0], (8 :> 15 @@ 10 :> 15 @@ 11 :> 26), (2 :> 7 @@ 5 :> 29 @@ 12 :> 30),
  (3 :> 11 @@ 9 :> 33 @@ 13 :> 34), (6 :> 36 @@ 7 :> 36), [x \in {} |-> 0], (8 :> 15 @@ 10 :> 15 @@ 11 :> 39),
  (4 :> 36 @@ 7 :> 36), [x \in {} |-> 0], (4 :> 36 @@ 6 :> 36), [x \in {} |-> 0], (11 :> 45), (1 :> 48),
  (11 :> 50), [x \in {} |-> 0], (2 :> 54 @@ 5 :> 53), (3 :> 56 @@ 9 :> 57), [x \in {} |-> 0],
  (2 :> 54 @@ 5 :> 60), (3 :> 56 @@ 9 :> 63), (11 :> 64), [x \in {} |-> 0], [x \in {} |-> 0],
  [x \in {} |-> 0], [x \in {} |-> 0], [x \in {} |-> 0], [x \in {} |-> 0], [x \in {} |-> 0]
>>

\* Effects: what the node is then.
Part == <<
  1, 6, 5, 36, 7, 2, 10, 26, 37, 8, 11, 3, 24, 9, 19, 22, 5, 13, 12, 15, 17, 38, 2, 3, 14, 30, 39, 16, 10, 23,
  40, 18, 11, 27, 12, 20, 41, 4, 32, 15, 10, 17, 11, 21, 33, 20, 25, 20, 28, 34, 42, 29, 23, 23, 43, 27, 24,
  44, 45, 26, 46, 31, 27, 35
>>

\* Effects: what is sent, in order.
Sends == <<
  <<14, 15>>, << >>, <<2, 3, 4>>, <<16, 17>>, << >>, <<8>>, <<6>>, << >>, <<18, 19>>, << >>, <<7>>, <<10>>,
  << >>, <<5>>, <<1>>, << >>, <<14, 2, 15, 3>>, << >>, << >>, << >>, << >>, << >>, << >>, << >>, <<9>>, << >>,
  <<16, 17>>, << >>, <<8>>, << >>, <<18, 19>>, << >>, <<10>>, << >>, <<14, 2, 15, 3>>, <<11, 12, 13>>, << >>,
  <<1>>, << >>, <<14, 15, 3>>, << >>, <<14, 2, 15>>, << >>, <<5>>, << >>, <<20, 21>>, << >>, <<11>>, <<9>>,
  << >>, <<22, 23>>, << >>, <<8>>, <<6>>, <<18, 19>>, <<7>>, <<10>>, << >>, <<16, 17>>, <<8>>, <<24, 25>>,
  << >>, <<10>>, << >>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<
  0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 7, 6, 0, 0, 2, 0, 0, 0, 3, 0, 0, 8,
  0, 5, 6, 0, 0, 0, 0, 4, 6, 0, 0, 9, 7, 6, 0, 0, 2, 0, 0, 0, 3, 0, 0, 2, 0, 0, 3, 6
>>

\* By history: what it becomes by what it sees.
Observe == <<
  (1 :> 1 @@ 2 :> 1 @@ 3 :> 1 @@ 4 :> 1 @@ 5 :> 1 @@ 6 :> 2 @@ 7 :> 1 @@ 8 :> 1 @@ 9 :> 1),
  (2 :> 2 @@ 3 :> 2 @@ 9 :> 2)
>>

\* Nodes that are down.
Down == {6, 7, 8, 13, 16, 18, 25, 29, 31}

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
  /\ left = <<0, 2, 0, 0>>
  /\ history = 1
  /\ network = {1}

\* It has a step that changes nothing: where there is one, it counts as taken.
IdleDeliver(m) == ENABLED (Deliver(m) /\ UNCHANGED vars)

\* What is promised: weakly or strongly fair steps.
Fairness ==
  /\ \A m \in {4, 6, 7, 8, 10, 11, 12, 13} : WF_vars(Deliver(m))
  /\ \A m \in {1, 2, 3, 5, 9} : WF_vars(~IdleDeliver(m) /\ Deliver(m))
  /\ \A v \in {1, 3, 5, 7, 8, 9, 10} : WF_vars(Happen(v))

Spec == Init /\ [][Next]_vars /\ Fairness

\* ---- The properties

\* prefix (always): replicas have applied prefixes of one log
Always_prefix == node \notin {}

\* snapshot (always): a snapshot equals the log that it replaces
Always_snapshot == node \notin {}

\* exactly-once (always): no replica applies a request twice
Always_exactly_once == \A n \in Nodes : node[n] \notin {}

\* linearizable (always): the history that clients see is linearizable
Always_linearizable == history \notin {}

\* answered (leads-to): every request is eventually answered
Start_answered == history \in {1}
Goal_answered == history \in {2}
LeadsTo_answered == Start_answered ~> Goal_answered

\* timers-armed (always): a replica has exactly the timers of its role pending
Always_timers_armed == \A n \in Nodes : node[n] \notin {}

\* open-slots (always): a leader counts votes for exactly the slots that it has open
Always_open_slots == \A n \in Nodes : node[n] \notin {}

\* bounded-memory (always): a replica keeps no more than its bounds allow
Always_bounded_memory == \A n \in Nodes : node[n] \notin {}

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
