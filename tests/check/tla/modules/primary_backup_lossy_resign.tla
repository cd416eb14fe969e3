---- MODULE primary_backup_lossy_resign ----
\* primary-backup lossy-resign: 2 replicas, 1 crash of the primary, which resigns, 1 restart, any losses
\*
\* Written by: quorate export --tla primary-backup --instance lossy-resign
\* TLC must find 1712 distinct states.
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

\* 1: view service 0, 2: replica 1, 3: replica 2
Nodes == 1..3

\* Messages, by number: sender, receiver, link.
\* 1: 2 -> 1: Peer(Ping { view: 1, acting: true, lagging: {}, ready: None })
\* 2: 3 -> 1: Peer(Ping { view: 1, acting: false, lagging: {}, ready: None })
\* 3: 2 -> 1: Peer(Resign { view: 1 })
\* 4: 1 -> 2: Peer(View(View { number: 2, primary: Id(2), backups: {Id(1)}, lives: {} }))
\* 5: 1 -> 3: Peer(View(View { number: 2, primary: Id(2), backups: {Id(1)}, lives: {} }))
\* 6: 3 -> 2: Peer(Begin { view: 2, op: 0 })
\* 7: 2 -> 1: Peer(Ping { view: 2, acting: false, lagging: {}, ready: None })
\* 8: 3 -> 1: Peer(Ping { view: 2, acting: false, lagging: {}, ready: None })
\* 9: 2 -> 3: Peer(Ack { view: 2, op: 0 })
\* 10: 3 -> 1: Peer(Ping { view: 2, acting: true, lagging: {}, ready: None })
\* 11: 3 -> 1: Peer(Ping { view: 2, acting: false, lagging: {Id(1)}, ready: None })
From == <<2, 3, 2, 1, 1, 3, 2, 3, 2, 3, 3>>
To == <<1, 1, 1, 2, 3, 2, 1, 1, 3, 1, 1>>
Link == <<1, 2, 1, 3, 4, 5, 1, 2, 6, 2, 2>>
Ends == <<
  <<2, 1>>, <<3, 1>>, <<1, 2>>, <<1, 3>>, <<3, 2>>, <<2, 3>>
>>

\* What is bounded:
\* 1: timers of kind "suspect"
\* 2: crashes
\* 3: restarts
\* 4: timers of kind "overdue"

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, timer Suspect(Id(1))
\* 2: at 1, timer Suspect(Id(2))
\* 3: at 2, timer Ping
\* 4: at 2, crash
\* 5: at 3, timer Ping
\* 6: at 2, restart
\* 7: at 3, timer Resend
\* 8: at 3, timer Overdue(Id(1))
Events == 1..8
At == <<1, 1, 2, 2, 3, 2, 3, 3>>
Spends == <<1, 1, 0, 2, 0, 3, 0, 4>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>, <<2, 2>>}, {<<3, 5>>, <<4, 6>>}, {<<5, 7>>}, {<<6, 9>>}, {<<3, 9>>, <<4, 6>>},
  {<<1, 11>>, <<2, 12>>}, {<<3, 17>>, <<4, 18>>}, {<<5, 20>>, <<7, 8>>, <<8, 21>>}, {<<3, 23>>, <<4, 24>>},
  {<<5, 22>>}, {<<1, 25>>, <<2, 26>>}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<{}, {}, {}, {}, {}, {}, {4}, {5}, {4}, {5, 9}, {}>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  (1 :> 3 @@ 2 :> 3 @@ 3 :> 4), [x \in {} |-> 0], (5 :> 8), [x \in {} |-> 0], (4 :> 10 @@ 6 :> 9),
  (1 :> 13 @@ 2 :> 14 @@ 3 :> 13 @@ 7 :> 15 @@ 8 :> 15 @@ 10 :> 16), (6 :> 19), (9 :> 22), (6 :> 19),
  [x \in {} |-> 0], (1 :> 27 @@ 2 :> 28 @@ 3 :> 27 @@ 7 :> 16 @@ 8 :> 16 @@ 10 :> 16)
>>

\* Effects: what the node is then.
Part == <<
  12, 13, 1, 6, 2, 4, 3, 8, 5, 7, 14, 15, 6, 6, 6, 11, 7, 16, 9, 8, 17, 10, 9, 18, 19, 20, 11, 11
>>

\* Effects: what is sent, in order.
Sends == <<
  << >>, << >>, << >>, <<4, 5>>, <<1>>, << >>, <<2>>, <<6>>, <<3>>, << >>, << >>, << >>, <<4>>, <<5>>, << >>,
  << >>, <<7>>, << >>, <<9>>, <<8>>, <<11>>, <<10>>, <<7>>, << >>, << >>, << >>, <<4>>, <<5>>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
>>

\* By history: what it becomes by what it sees.
Observe == <<[x \in {} |-> 0]>>

\* Nodes that are down.
Down == {4}

\* ---- The rules of the world

\* What is beyond is not explored.
Within == node \notin {}

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
  /\ Within'

Init ==
  /\ node = <<1, 2, 3>>
  /\ left = <<0, 1, 1, 0>>
  /\ history = 1
  /\ network = {1, 2}

\* It has a step that changes nothing: where there is one, it counts as taken.
IdleHappen(v) == ENABLED (Happen(v) /\ UNCHANGED vars)

\* What is promised: weakly or strongly fair steps.
Fairness ==
  /\ \A m \in {1, 2, 3, 4, 5, 6, 7, 8, 9, 10} : SF_vars(Deliver(m))
  /\ \A v \in {1, 2, 6, 8} : WF_vars(Happen(v))
  /\ \A v \in {3, 5, 7} : WF_vars(~IdleHappen(v) /\ Happen(v))

Spec == Init /\ [][Next]_vars /\ Fairness

\* ---- The properties

\* one-primary (always): at most one replica acts as the primary of a view
Always_one_primary == node \notin {}

\* no-lost-update (always): every certified replica holds every acknowledged request
Always_no_lost_update == <<node, history>> \notin {}

\* primary-completeness (always): an acting primary of the newest view holds every acknowledged request
Always_primary_completeness == <<node, history>> \notin {}

\* prefix (always): a backup has applied a prefix of what its primary applied
Always_prefix == node \notin {}

\* exactly-once (always): no replica applies a request twice
Always_exactly_once == \A n \in Nodes : node[n] \notin {}

\* linearizable (always): the history that clients see is linearizable
Always_linearizable == history \notin {}

\* copy-suffix (always): a primary keeps every operation that it ordered since the state that is being copied
Always_copy_suffix == \A n \in Nodes : node[n] \notin {}

\* join-after-copy (always): a replica joins a view only after it has copied the state
Always_join_after_copy == network \notin {}

\* timers-armed (always): every timer that progress depends on is pending
Always_timers_armed == \A n \in Nodes : node[n] \notin {}

\* convergence (leads-to): replicas that differ eventually hold the same state
Start_convergence == node \notin {
  <<1, 2, 3>>, <<1, 5, 3>>, <<11, 9, 10>>, <<6, 9, 10>>
}
Goal_convergence == node \in {
  <<1, 2, 3>>, <<1, 5, 3>>, <<11, 9, 10>>, <<6, 9, 10>>
}
LeadsTo_convergence == Start_convergence ~> Goal_convergence

\* bounded-outage (leads-to): the newest view eventually has an acting primary
Start_bounded_outage == node \notin {<<1, 2, 3>>, <<11, 9, 10>>, <<6, 9, 10>>}
Goal_bounded_outage == node \in {<<1, 2, 3>>, <<11, 9, 10>>, <<6, 9, 10>>}
LeadsTo_bounded_outage == Start_bounded_outage ~> Goal_bounded_outage

\* failover (sometimes): a backup took over as primary
Never_failover == ~(\E n \in Nodes : node[n] \in {10})

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
