---- MODULE paxos_orphaned ----
\* paxos orphaned: 3 replicas with pre-vote, of which the leader may crash and stay down, and is missed then
\*
\* Written by: quorate export --tla paxos --instance orphaned
\* TLC must find 245 distinct states.
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

\* 1: replica 0, 2: replica 1, 3: replica 2
Nodes == 1..3

\* Messages, by number: sender, receiver, link.
\* 1: 2 -> 1: Peer(PreVote { ballot: 0.0 })
\* 2: 2 -> 3: Peer(PreVote { ballot: 0.0 })
\* 3: 3 -> 1: Peer(PreVote { ballot: 0.0 })
\* 4: 3 -> 2: Peer(PreVote { ballot: 0.0 })
\* 5: 3 -> 2: Peer(PreVoted { ballot: 0.0 })
\* 6: 2 -> 3: Peer(PreVoted { ballot: 0.0 })
\* 7: 2 -> 1: Peer(Prepare { ballot: 1.1, from: 1 })
\* 8: 2 -> 3: Peer(Prepare { ballot: 1.1, from: 1 })
\* 9: 3 -> 1: Peer(Prepare { ballot: 1.2, from: 1 })
\* 10: 3 -> 2: Peer(Prepare { ballot: 1.2, from: 1 })
\* 11: 3 -> 2: Peer(Promise { ballot: 1.1, from: 1, until: None, chosen: 0, accepted: [] })
\* 12: 2 -> 1: Peer(PreVote { ballot: 1.1 })
\* 13: 2 -> 3: Peer(PreVote { ballot: 1.1 })
\* 14: 2 -> 3: Peer(Promise { ballot: 1.2, from: 1, until: None, chosen: 0, accepted: [] })
\* 15: 3 -> 1: Peer(PreVote { ballot: 1.2 })
\* 16: 3 -> 2: Peer(PreVote { ballot: 1.2 })
\* 17: 3 -> 1: Peer(PreVote { ballot: 1.1 })
\* 18: 3 -> 2: Peer(PreVote { ballot: 1.1 })
\* 19: 3 -> 2: Peer(PreVoted { ballot: 1.1 })
\* 20: 2 -> 1: Peer(PreVote { ballot: 1.2 })
\* 21: 2 -> 3: Peer(PreVote { ballot: 1.2 })
\* 22: 2 -> 3: Peer(PreVoted { ballot: 1.2 })
\* 23: 3 -> 2: Peer(Preempted { ballot: 1.2 })
\* 24: 2 -> 3: Peer(PreVoted { ballot: 1.1 })
\* 25: 3 -> 2: Peer(PreVoted { ballot: 1.2 })
\* 26: 1 -> 2: Peer(Heartbeat { ballot: 0.0, chosen: 0 })
\* 27: 1 -> 3: Peer(Heartbeat { ballot: 0.0, chosen: 0 })
\* 28: 3 -> 1: Peer(Prepare { ballot: 2.2, from: 1 })
\* 29: 3 -> 2: Peer(Prepare { ballot: 2.2, from: 1 })
\* 30: 2 -> 1: Peer(Prepare { ballot: 2.1, from: 1 })
\* 31: 2 -> 3: Peer(Prepare { ballot: 2.1, from: 1 })
\* 32: 2 -> 1: Peer(Heartbeat { ballot: 1.1, chosen: 0 })
\* 33: 2 -> 3: Peer(Heartbeat { ballot: 1.1, chosen: 0 })
\* 34: 3 -> 1: Peer(Heartbeat { ballot: 1.2, chosen: 0 })
\* 35: 3 -> 2: Peer(Heartbeat { ballot: 1.2, chosen: 0 })
From == <<
  2, 2, 3, 3, 3, 2, 2, 2, 3, 3, 3, 2, 2, 2, 3, 3, 3, 3, 3, 2, 2, 2, 3, 2, 3, 1, 1, 3, 3, 2, 2, 2, 2, 3, 3
>>
To == <<
  1, 3, 1, 2, 2, 3, 1, 3, 1, 2, 2, 1, 3, 3, 1, 2, 1, 2, 2, 1, 3, 3, 2, 3, 2, 2, 3, 1, 2, 1, 3, 1, 3, 1, 2
>>
Link == <<
  1, 2, 3, 4, 4, 2, 1, 2, 3, 4, 4, 1, 2, 2, 3, 4, 3, 4, 4, 1, 2, 2, 4, 2, 4, 5, 6, 3, 4, 1, 2, 1, 2, 3, 4
>>
Ends == <<
  <<2, 1>>, <<2, 3>>, <<3, 1>>, <<3, 2>>, <<1, 2>>, <<1, 3>>
>>

\* What is bounded:
\* 1: timers of kind "heartbeat"
\* 2: crashes
\* 3: restarts

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, timer Heartbeat
\* 2: at 1, crash
\* 3: at 2, timer Election
\* 4: at 3, timer Election
\* 5: at 1, restart
\* 6: at 2, timer Heartbeat
\* 7: at 3, timer Heartbeat
Events == 1..7
At == <<1, 1, 2, 3, 1, 2, 3>>
Spends == <<1, 2, 0, 0, 3, 1, 1>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>, <<2, 2>>}, {<<3, 3>>}, {<<4, 4>>}, {<<5, 5>>}, {<<3, 3>>}, {<<4, 4>>}, {<<3, 14>>, <<6, 7>>},
  {<<4, 21>>, <<7, 11>>}, {<<4, 27>>}, {<<3, 14>>, <<6, 31>>}, {<<3, 37>>}, {<<4, 21>>, <<7, 40>>},
  {<<6, 45>>}, {<<7, 46>>}, {<<3, 37>>}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<
  {}, {4}, {2}, {}, {}, {}, {5}, {6}, {6}, {5}, {5, 19, 23}, {6}, {4, 5, 11, 18, 19}, {2, 6, 13, 14, 21, 22},
  {5, 23}
>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  [x \in {} |-> 0], [x \in {} |-> 0], [x \in {} |-> 0], [x \in {} |-> 0],
  (4 :> 6 @@ 5 :> 7 @@ 10 :> 8 @@ 16 :> 9), (2 :> 10 @@ 6 :> 11 @@ 8 :> 12 @@ 13 :> 13),
  (4 :> 15 @@ 10 :> 16 @@ 11 :> 17 @@ 16 :> 18 @@ 18 :> 19 @@ 23 :> 20),
  (2 :> 22 @@ 8 :> 23 @@ 13 :> 24 @@ 14 :> 25 @@ 21 :> 26), (2 :> 28 @@ 8 :> 12 @@ 13 :> 29 @@ 24 :> 30),
  (4 :> 32 @@ 10 :> 8 @@ 11 :> 17 @@ 16 :> 33 @@ 18 :> 34 @@ 19 :> 35 @@ 23 :> 36),
  (4 :> 38 @@ 10 :> 8 @@ 16 :> 39 @@ 25 :> 35),
  (2 :> 41 @@ 8 :> 42 @@ 13 :> 43 @@ 14 :> 25 @@ 21 :> 44 @@ 22 :> 30), [x \in {} |-> 0], (8 :> 47),
  (4 :> 48 @@ 10 :> 16 @@ 16 :> 49)
>>

\* Effects: what the node is then.
Part == <<
  1, 4, 5, 6, 16, 5, 7, 11, 5, 6, 8, 9, 6, 10, 7, 15, 13, 7, 7, 15, 12, 8, 8, 8, 14, 8, 9, 9, 9, 17, 10, 10,
  10, 10, 18, 11, 11, 11, 11, 12, 12, 12, 12, 12, 13, 14, 14, 15, 15
>>

\* Effects: what is sent, in order.
Sends == <<
  <<26, 27>>, << >>, <<1, 2>>, <<3, 4>>, << >>, <<6>>, <<7, 8>>, <<14>>, <<22>>, <<5>>, <<9, 10>>, <<11>>,
  <<19>>, <<12, 13>>, <<6>>, <<14>>, << >>, <<22>>, <<24>>, << >>, <<15, 16>>, <<5>>, <<23>>, <<19>>, << >>,
  <<25>>, <<17, 18>>, <<5>>, <<19>>, <<28, 29>>, <<7, 8>>, <<6>>, <<22>>, <<24>>, <<30, 31>>, << >>,
  <<20, 21>>, <<6>>, <<22>>, <<9, 10>>, <<5>>, <<23>>, <<19>>, <<25>>, <<32, 33>>, <<34, 35>>, <<23>>, <<6>>,
  <<22>>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
>>

\* By history: what it becomes by what it sees.
Observe == <<[x \in {} |-> 0]>>

\* Nodes that are down.
Down == {4}

\* ---- The rules of the world

\* What is beyond is not explored.
Within == node \notin {
  <<1, 2, 6>>, <<1, 5, 3>>, <<4, 10, 17>>, <<4, 11, 17>>, <<4, 13, 17>>, <<4, 15, 17>>, <<4, 18, 12>>,
  <<4, 18, 14>>, <<4, 18, 6>>, <<4, 18, 8>>, <<4, 18, 9>>, <<4, 5, 17>>, <<4, 7, 17>>
}

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
  /\ Within'

Init ==
  /\ node = <<1, 2, 3>>
  /\ left = <<0, 1, 0>>
  /\ history = 1
  /\ network = {}

\* It has a step that changes nothing: where there is one, it counts as taken.
IdleDeliver(m) == ENABLED (Deliver(m) /\ UNCHANGED vars)

\* It has a step that changes nothing: where there is one, it counts as taken.
IdleHappen(v) == ENABLED (Happen(v) /\ UNCHANGED vars)

\* What is promised: weakly or strongly fair steps.
Fairness ==
  /\ \A m \in {5, 6, 11, 14, 19, 22, 23, 24, 25} : WF_vars(Deliver(m))
  /\ \A m \in {2, 4, 8, 10, 13, 16, 18, 21} : WF_vars(~IdleDeliver(m) /\ Deliver(m))
  /\ \A v \in {1, 5, 6, 7} : WF_vars(Happen(v))
  /\ \A v \in {3, 4} : WF_vars(~IdleHappen(v) /\ Happen(v))

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

\* re-election (leads-to): after the leader fails, another replica eventually leads
Start_re_election == \A n \in Nodes : node[n] \notin {1, 13, 14}
Goal_re_election == \E n \in Nodes : node[n] \in {1, 13, 14}
LeadsTo_re_election == Start_re_election ~> Goal_re_election

\* timers-armed (always): a replica has exactly the timers of its role pending
Always_timers_armed == \A n \in Nodes : node[n] \notin {}

\* open-slots (always): a leader counts votes for exactly the slots that it has open
Always_open_slots == \A n \in Nodes : node[n] \notin {}

\* bounded-memory (always): a replica keeps no more than its bounds allow
Always_bounded_memory == \A n \in Nodes : node[n] \notin {}

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
