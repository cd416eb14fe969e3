---- MODULE paxos_lossy_election ----
\* paxos lossy-election: 2 replicas, 1 election, any losses, no client
\*
\* Written by: quorate export --tla paxos --instance lossy-election
\* TLC must find 50 distinct states.
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

\* 1: replica 0, 2: replica 1
Nodes == 1..2

\* Messages, by number: sender, receiver, link.
\* 1: 1 -> 2: Peer(Heartbeat { ballot: 0.0, chosen: 0 })
\* 2: 2 -> 1: Peer(Prepare { ballot: 1.1, from: 1 })
\* 3: 1 -> 2: Peer(Promise { ballot: 1.1, from: 1, until: None, chosen: 0, accepted: [] })
\* 4: 2 -> 1: Peer(Preempted { ballot: 1.1 })
\* 5: 2 -> 1: Peer(Heartbeat { ballot: 1.1, chosen: 0 })
\* 6: 2 -> 1: Peer(Prepare { ballot: 2.1, from: 1 })
\* 7: 1 -> 2: Peer(Prepare { ballot: 2.0, from: 1 })
From == <<1, 2, 1, 2, 2, 2, 1>>
To == <<2, 1, 2, 1, 1, 1, 2>>
Link == <<1, 2, 1, 2, 2, 2, 1>>
Ends == <<<<1, 2>>, <<2, 1>>>>

\* What is bounded:
\* 1: timers of kind "election"

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, timer Heartbeat
\* 2: at 2, timer Election
\* 3: at 2, timer Heartbeat
\* 4: at 1, timer Election
Events == 1..4
At == <<1, 2, 2, 1>>
Spends == <<0, 1, 0, 1>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>}, {<<2, 4>>}, {<<2, 6>>, <<3, 4>>}, {<<4, 9>>}, {<<3, 10>>}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<{}, {}, {}, {4}, {3}>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  (2 :> 2 @@ 4 :> 3), (1 :> 5), (1 :> 7 @@ 3 :> 8), (2 :> 2 @@ 5 :> 3), (1 :> 11)
>>

\* Effects: what the node is then.
Part == <<1, 4, 4, 3, 2, 6, 3, 5, 7, 5, 5>>

\* Effects: what is sent, in order.
Sends == <<
  <<1>>, <<3>>, << >>, <<2>>, << >>, <<6>>, <<4>>, << >>, <<7>>, <<5>>, <<4>>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>>

\* By history: what it becomes by what it sees.
Observe == <<[x \in {} |-> 0]>>

\* Nodes that are down.
Down == {}

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
  /\ node = <<1, 2>>
  /\ left = <<1>>
  /\ history = 1
  /\ network = {}

\* It has a step that changes nothing: where there is one, it counts as taken.
IdleHappen(v) == ENABLED (Happen(v) /\ UNCHANGED vars)

\* What is promised: weakly or strongly fair steps.
Fairness ==
  /\ \A m \in {1, 2, 3, 4, 5} : SF_vars(Deliver(m))
  /\ \A v \in {2, 4} : WF_vars(Happen(v))
  /\ \A v \in {1, 3} : WF_vars(~IdleHappen(v) /\ Happen(v))

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

\* elected (leads-to): a replica that tries to lead eventually leads, or gives up for a greater ballot
Start_elected == \E n \in Nodes : node[n] \in {3, 6, 7}
Goal_elected == \A n \in Nodes : node[n] \notin {3, 6, 7}
LeadsTo_elected == Start_elected ~> Goal_elected

\* answered (leads-to): every request is eventually answered
Start_answered == history \in {}
Goal_answered == history \notin {}
LeadsTo_answered == Start_answered ~> Goal_answered

\* catch-up (leads-to): a lagging replica eventually catches up
Start_catch_up == node \in {}
Goal_catch_up == node \notin {}
LeadsTo_catch_up == Start_catch_up ~> Goal_catch_up

\* timers-armed (always): a replica has exactly the timers of its role pending
Always_timers_armed == \A n \in Nodes : node[n] \notin {}

\* open-slots (always): a leader counts votes for exactly the slots that it has open
Always_open_slots == \A n \in Nodes : node[n] \notin {}

\* bounded-memory (always): a replica keeps no more than its bounds allow
Always_bounded_memory == \A n \in Nodes : node[n] \notin {}

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
