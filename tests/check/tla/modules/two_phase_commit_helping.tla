---- MODULE two_phase_commit_helping ----
\* two-phase-commit helping: a transaction over 2 participants, the coordinator dies for good, participants in doubt ask each other
\*
\* Written by: quorate export --tla two-phase-commit --instance helping
\* TLC must find 602 distinct states.
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

\* 1: coordinator 0, 2: participant 1, 3: participant 2, 4: client 3
Nodes == 1..4

\* Messages, by number: sender, receiver, link.
\* 1: 4 -> 1: Request { seq: 1, op: Transaction { ops: [Put { key: "x", value: "a" }, Put { key: "y", value: "a" }] } }
\* 2: 1 -> 2: Peer(Prepare { txn: txn 3.1@0, part: [(0, Put { key: "x", value: "a" })], participants: {Id(1), Id(2)} })
\* 3: 1 -> 3: Peer(Prepare { txn: txn 3.1@0, part: [(1, Put { key: "y", value: "a" })], participants: {Id(1), Id(2)} })
\* 4: 2 -> 1: Peer(Vote { txn: txn 3.1@0, vote: Yes([(0, Done)]) })
\* 5: 3 -> 1: Peer(Vote { txn: txn 3.1@0, vote: Yes([(1, Done)]) })
\* 6: 2 -> 1: Peer(DecisionReq { txn: txn 3.1@0 })
\* 7: 2 -> 3: Peer(DecisionReq { txn: txn 3.1@0 })
\* 8: 3 -> 1: Peer(DecisionReq { txn: txn 3.1@0 })
\* 9: 3 -> 2: Peer(DecisionReq { txn: txn 3.1@0 })
\* 10: 3 -> 2: Peer(Decide { txn: txn 3.1@0, decision: Abort })
\* 11: 2 -> 3: Peer(Decide { txn: txn 3.1@0, decision: Abort })
\* 12: 1 -> 2: Peer(Decide { txn: txn 3.1@0, decision: Commit })
\* 13: 1 -> 3: Peer(Decide { txn: txn 3.1@0, decision: Commit })
\* 14: 1 -> 4: Reply { seq: 1, reply: Committed([Done, Done]) }
\* 15: 3 -> 1: Peer(Vote { txn: txn 3.1@0, vote: No(Unavailable) })
\* 16: 2 -> 1: Peer(Vote { txn: txn 3.1@0, vote: No(Unavailable) })
\* 17: 2 -> 1: Peer(Ack { txn: txn 3.1@0 })
\* 18: 3 -> 1: Peer(Ack { txn: txn 3.1@0 })
\* 19: 1 -> 2: Peer(Decide { txn: txn 3.1@0, decision: Abort })
\* 20: 1 -> 4: Reply { seq: 1, reply: Aborted(Unavailable) }
\* 21: 1 -> 3: Peer(Decide { txn: txn 3.1@0, decision: Abort })
\* 22: 1 -> 2: Peer(NoInformation { txn: txn 3.1@0 })
\* 23: 1 -> 3: Peer(NoInformation { txn: txn 3.1@0 })
\* 24: 2 -> 3: Peer(Decide { txn: txn 3.1@0, decision: Commit })
\* 25: 3 -> 2: Peer(Decide { txn: txn 3.1@0, decision: Commit })
\* 26: 1 -> 2: Peer(Recovered { epoch: 1, committed: {} })
\* 27: 1 -> 3: Peer(Recovered { epoch: 1, committed: {} })
\* 28: 1 -> 2: Peer(Recovered { epoch: 1, committed: {txn 3.1@0} })
\* 29: 1 -> 3: Peer(Recovered { epoch: 1, committed: {txn 3.1@0} })
From == <<
  4, 1, 1, 2, 3, 2, 2, 3, 3, 3, 2, 1, 1, 1, 3, 2, 2, 3, 1, 1, 1, 1, 1, 2, 3, 1, 1, 1, 1
>>
To == <<
  1, 2, 3, 1, 1, 1, 3, 1, 2, 2, 3, 2, 3, 4, 1, 1, 1, 1, 2, 4, 3, 2, 3, 3, 2, 2, 3, 2, 3
>>
Link == <<
  1, 2, 3, 4, 5, 4, 6, 5, 7, 7, 6, 2, 3, 8, 5, 4, 4, 5, 2, 8, 3, 2, 3, 6, 7, 2, 3, 2, 3
>>
Ends == <<
  <<4, 1>>, <<1, 2>>, <<1, 3>>, <<2, 1>>, <<3, 1>>, <<2, 3>>, <<3, 2>>, <<1, 4>>
>>

\* What is bounded:
\* 1: crashes
\* 2: timers of kind "retry"
\* 3: timers of kind "resend"
\* 4: timers of kind "deadline"
\* 5: restarts
\* 6: timers of kind "doubt"

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, crash
\* 2: at 4, timer Retry(Retry)
\* 3: at 1, timer Resend
\* 4: at 1, timer Deadline(txn 3.1@0)
\* 5: at 1, restart
\* 6: at 2, timer Doubt
\* 7: at 3, timer Doubt
Events == 1..7
At == <<1, 4, 1, 1, 1, 2, 3>>
Spends == <<1, 2, 3, 4, 5, 6, 6>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>}, {}, {}, {<<2, 7>>}, {<<1, 1>>, <<3, 10>>, <<4, 11>>}, {<<5, 16>>}, {<<6, 17>>}, {<<7, 20>>},
  {<<1, 1>>, <<3, 23>>, <<4, 11>>}, {<<1, 1>>, <<3, 25>>, <<4, 11>>}, {}, {}, {<<1, 29>>, <<3, 28>>}, {}, {},
  {}, {}, {}, {<<5, 37>>}, {<<1, 38>>}, {<<1, 29>>, <<3, 42>>}, {<<1, 29>>, <<3, 46>>}, {}, {<<5, 49>>},
  {<<1, 50>>}, {<<5, 54>>}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<
  {}, {}, {}, {}, {1, 6, 8}, {}, {9}, {7}, {1, 4, 6, 8}, {1, 5, 6, 8}, {}, {}, {}, {2, 10, 19, 22},
  {3, 11, 21, 23}, {2, 22, 25}, {3, 23, 24}, {14}, {}, {15, 16}, {17}, {18}, {20}, {}, {17, 18}, {}
>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  (1 :> 2), (2 :> 3 @@ 9 :> 4), (3 :> 5 @@ 7 :> 6), (14 :> 9 @@ 20 :> 8),
  (4 :> 12 @@ 5 :> 13 @@ 15 :> 14 @@ 16 :> 15), [x \in {} |-> 0],
  (2 :> 3 @@ 10 :> 18 @@ 12 :> 19 @@ 19 :> 18 @@ 22 :> 18 @@ 25 :> 19),
  (3 :> 5 @@ 11 :> 21 @@ 13 :> 22 @@ 21 :> 21 @@ 23 :> 21 @@ 24 :> 22), (5 :> 24 @@ 15 :> 14),
  (4 :> 24 @@ 16 :> 15), (3 :> 26 @@ 7 :> 6), (2 :> 27 @@ 9 :> 4),
  (1 :> 30 @@ 4 :> 31 @@ 5 :> 32 @@ 6 :> 31 @@ 8 :> 32 @@ 17 :> 33 @@ 18 :> 34), [x \in {} |-> 0],
  [x \in {} |-> 0], (9 :> 35 @@ 12 :> 19), (7 :> 36 @@ 13 :> 22), [x \in {} |-> 0], [x \in {} |-> 0],
  (1 :> 39 @@ 4 :> 40 @@ 5 :> 41 @@ 6 :> 40 @@ 8 :> 41),
  (1 :> 43 @@ 4 :> 44 @@ 5 :> 42 @@ 6 :> 44 @@ 8 :> 42 @@ 18 :> 45),
  (1 :> 47 @@ 4 :> 46 @@ 5 :> 48 @@ 6 :> 46 @@ 8 :> 48 @@ 17 :> 45), [x \in {} |-> 0], [x \in {} |-> 0],
  (1 :> 51 @@ 4 :> 52 @@ 5 :> 53 @@ 6 :> 52 @@ 8 :> 53), [x \in {} |-> 0]
>>

\* Effects: what the node is then.
Part == <<
  6, 5, 7, 12, 8, 11, 4, 23, 18, 5, 20, 9, 10, 20, 20, 27, 7, 14, 16, 8, 15, 17, 9, 13, 10, 11, 12, 13, 19,
  13, 13, 13, 21, 22, 16, 17, 28, 24, 20, 20, 20, 21, 21, 21, 25, 22, 22, 22, 29, 26, 25, 25, 25, 30
>>

\* Effects: what is sent, in order.
Sends == <<
  << >>, <<2, 3>>, <<4>>, <<11>>, <<5>>, <<10>>, <<1>>, << >>, << >>, <<2, 3>>, <<19, 21, 20>>, << >>, << >>,
  <<19, 20>>, <<21, 20>>, <<26, 27>>, <<6, 7>>, << >>, <<17>>, <<8, 9>>, << >>, <<18>>, <<3>>, <<12, 13, 14>>,
  <<2>>, <<15>>, <<16>>, <<12, 13>>, << >>, <<14>>, <<12>>, <<13>>, << >>, << >>, <<24>>, <<25>>,
  <<12, 13, 28, 29>>, << >>, <<20>>, <<22>>, <<23>>, <<13>>, <<14>>, <<12>>, << >>, <<12>>, <<14>>, <<13>>,
  <<26, 27>>, << >>, <<14>>, <<22>>, <<23>>, <<26, 27>>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<
  0, 1, 0, 0, 0, 0, 2, 3, 4, 0, 5, 0, 0, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0,
  0, 0, 8, 0, 0, 0, 7, 0, 0, 0, 7, 0, 0, 0, 7, 0, 0, 0
>>

\* By history: what it becomes by what it sees.
Observe == <<
  (1 :> 1 @@ 3 :> 3 @@ 4 :> 2 @@ 5 :> 1 @@ 6 :> 1 @@ 7 :> 1 @@ 8 :> 1), (7 :> 2), (8 :> 3)
>>

\* Nodes that are down.
Down == {6, 19, 24, 26}

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
  /\ left = <<1, 0, 0, 0, 0, 2>>
  /\ history = 1
  /\ network = {1}

Spec == Init /\ [][Next]_vars

\* ---- The properties

\* ac1 (always): all nodes that decide reach the same decision
Always_ac1 == <<node, network>> \notin {}

\* ac2 (always): a node never reverses its decision
Always_ac2 == <<node, network>> \notin {}

\* ac3 (always): commit is decided only if every participant voted yes
Always_ac3 == <<node, network>> \notin {}

\* ac4 (always): without failures, commit is decided if every participant votes yes
Always_ac4 == <<left, network>> \notin {}

\* strictly-serializable (always): the history of transactions is strictly serializable
Always_strictly_serializable == history \notin {}

\* no-stale-lock (always): no lock outlives its transaction
Always_no_stale_lock == \A n \in Nodes : node[n] \notin {}

\* strict-locking (always): a prepared transaction holds all its locks
Always_strict_locking == \A n \in Nodes : node[n] \notin {}

\* exactly-once (always): no request commits twice
Always_exactly_once == <<node, network>> \notin {}

\* commit-remembered (always): the coordinator remembers a commit while a participant is in doubt about it
Always_commit_remembered == <<node, network>> \notin {}

\* decision-relayed (sometimes): a participant learned the decision from another participant
Never_decision_relayed == ~(<<node, network>> \in {
  <<<<19, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 17, 18, 25}>>,
  <<<<19, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 24, 25}>>,
  <<<<19, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 24}>>,
  <<<<19, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 25}>>,
  <<<<19, 16, 17, 18>>, {1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 17, 18, 24}>>,
  <<<<19, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 17, 18, 25}>>,
  <<<<19, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 24, 25}>>,
  <<<<19, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 24}>>,
  <<<<19, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 25}>>,
  <<<<19, 16, 17, 4>>, {1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 17, 18, 24}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 17, 18, 22, 23, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 17, 18, 22, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 17, 18, 23, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 17, 18, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 23, 24, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 23, 24}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 23, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 24, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 24}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 23, 24, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 23, 24}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 23, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 24, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 24}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 25}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 17, 18, 22, 23, 24}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 17, 18, 22, 24}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 17, 18, 23, 24}>>,
  <<<<26, 16, 17, 18>>, {1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 17, 18, 24}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 17, 18, 22, 23, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 17, 18, 22, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 17, 18, 23, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 17, 18, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 23, 24, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 23, 24}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 23, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 24, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 24}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 22, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 23, 24, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 23, 24}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 23, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 24, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 24}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 17, 18, 25}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 17, 18, 22, 23, 24}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 17, 18, 22, 24}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 17, 18, 23, 24}>>,
  <<<<26, 16, 17, 4>>, {1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 17, 18, 24}>>
})

\* blocked (sometimes): all participants were in doubt and the coordinator was down
Never_blocked == ~(node \in {<<19, 7, 8, 18>>, <<19, 7, 8, 4>>, <<6, 7, 8, 4>>})

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
