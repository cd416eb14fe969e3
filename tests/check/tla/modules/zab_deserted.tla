---- MODULE zab_deserted ----
\* zab deserted: 2 servers, of which the follower may crash for good, any losses, no client
\*
\* Written by: quorate export --tla zab --instance deserted
\* TLC must find 32 distinct states.
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

\* 1: server 0, 2: server 1
Nodes == 1..2

\* Messages, by number: sender, receiver, link.
\* 1: 1 -> 2: Peer(Ping { epoch: 0.0, committed: 0.0#0 })
\* 2: 2 -> 1: Peer(Ack { epoch: 0.0, last: 0.0#0 })
\* 3: 2 -> 1: Peer(Solicit { accepted: 0.0, left: false })
\* 4: 1 -> 2: Peer(Solicit { accepted: 0.0, left: false })
From == <<1, 2, 2, 1>>
To == <<2, 1, 1, 2>>
Link == <<1, 2, 2, 1>>
Ends == <<<<1, 2>>, <<2, 1>>>>

\* What is bounded:
\* 1: timers of kind "look"
\* 2: crashes
\* 3: restarts

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, timer Quorum
\* 2: at 1, timer Resend
\* 3: at 2, timer Look
\* 4: at 2, crash
\* 5: at 1, timer Look
\* 6: at 2, restart
Events == 1..6
At == <<1, 1, 2, 2, 1, 2>>
Spends == <<0, 0, 1, 2, 1, 3>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>, <<2, 2>>}, {<<3, 3>>, <<4, 4>>}, {<<5, 6>>}, {<<1, 1>>, <<2, 2>>}, {<<6, 8>>},
  {<<1, 9>>, <<2, 10>>}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<{2}, {}, {2}, {}, {}, {2}>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  [x \in {} |-> 0], (1 :> 5), [x \in {} |-> 0], (2 :> 7), [x \in {} |-> 0], [x \in {} |-> 0]
>>

\* Effects: what the node is then.
Part == <<3, 4, 7, 5, 2, 8, 6, 9, 1, 6>>

\* Effects: what is sent, in order.
Sends == <<
  << >>, <<1>>, <<3>>, << >>, <<2>>, <<4>>, << >>, << >>, << >>, <<1>>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<0, 0, 0, 0, 0, 0, 0, 0, 0, 0>>

\* By history: what it becomes by what it sees.
Observe == <<[x \in {} |-> 0]>>

\* Nodes that are down.
Down == {5}

\* ---- The rules of the world

\* What is beyond is not explored.
Within == \A n \in Nodes : node[n] \notin {}

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
  /\ node = <<1, 2>>
  /\ left = <<0, 1, 0>>
  /\ history = 1
  /\ network = {}

\* It has a step that changes nothing: where there is one, it counts as taken.
IdleHappen(v) == ENABLED (Happen(v) /\ UNCHANGED vars)

\* What is promised: weakly or strongly fair steps.
Fairness ==
  /\ \A m \in {1, 2} : SF_vars(Deliver(m))
  /\ \A v \in {1, 3, 5, 6} : WF_vars(Happen(v))
  /\ \A v \in {2} : WF_vars(~IdleHappen(v) /\ Happen(v))

Spec == Init /\ [][Next]_vars /\ Fairness

\* ---- The properties

\* prefix-consistency (always): of two servers, one delivered a prefix of what the other delivered
Always_prefix_consistency == node \notin {}

\* local-primary-order (always): a server that delivers a transaction has delivered all that its primary broadcast before
Always_local_primary_order == \A n \in Nodes : node[n] \notin {}

\* global-primary-order (always): a server delivers the transactions of an earlier epoch before those of a later one
Always_global_primary_order == \A n \in Nodes : node[n] \notin {}

\* primary-integrity (always): a primary delivers what earlier epochs left before it broadcasts
Always_primary_integrity == node \notin {}

\* one-leader (always): at most one server has an epoch established
Always_one_leader == node \notin {}

\* leader-completeness (always): the leader of an established epoch has everything that was delivered of earlier epochs
Always_leader_completeness == node \notin {}

\* committed-durability (always): a transaction that a server delivered is in the histories of a quorum
Always_committed_durability == node \notin {}

\* process-consistency (always): a server that took over its leader's history has a prefix of it
Always_process_consistency == node \notin {}

\* snapshot (always): a state equals the history that it replaces
Always_snapshot == node \notin {}

\* exactly-once (always): no server applies a request twice
Always_exactly_once == \A n \in Nodes : node[n] \notin {}

\* linearizable (always): the history that clients see is linearizable
Always_linearizable == history \notin {}

\* given-up (leads-to): a leader without a quorum eventually gives up
Start_given_up == node \in {<<1, 5>>, <<4, 5>>, <<6, 5>>}
Goal_given_up == node \notin {<<1, 5>>, <<4, 5>>, <<6, 5>>}
LeadsTo_given_up == Start_given_up ~> Goal_given_up

\* timers-armed (always): a server has exactly the timers of its role pending
Always_timers_armed == \A n \in Nodes : node[n] \notin {}

\* reads-served (always): no read waits for a transaction that its server has delivered
Always_reads_served == \A n \in Nodes : node[n] \notin {}

\* bounded-memory (always): a server keeps no more than its bounds allow
Always_bounded_memory == \A n \in Nodes : node[n] \notin {}

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
