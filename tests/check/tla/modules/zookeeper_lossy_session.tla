---- MODULE zookeeper_lossy_session ----
\* zookeeper lossy-session: 1 server, a client that opens a session and pings; the session may expire; any losses
\*
\* Written by: quorate export --tla zookeeper --instance lossy-session
\* TLC must find 350 distinct states.
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

\* 1: server 0, 2: client 1
Nodes == 1..2

\* Messages, by number: sender, receiver, link.
\* 1: 2 -> 1: Request { seq: 1, op: Ask { what: Write(Op { session: None, request: CreateSession }), watches: [] } }
\* 2: 1 -> 1: Peer(Ack { epoch: 0.0, last: 0.0#1 })
\* 3: 1 -> 2: Reply { seq: 1, reply: Done { zxid: 0.0#1, tree: 1, reply: Some(Ok(Opened(session 1))), events: None } }
\* 4: 2 -> 1: Request { seq: 2, op: Ask { what: Ping(Op { session: Some(session 1), request: CloseSession }), watches: [] } }
\* 5: 1 -> 1: Peer(Ack { epoch: 0.0, last: 0.0#2 })
\* 6: 1 -> 2: Reply { seq: 2, reply: Done { zxid: 0.0#1, tree: 1, reply: None, events: None } }
\* 7: 1 -> 2: Reply { seq: 2, reply: Done { zxid: 0.0#2, tree: 2, reply: Some(Err(SessionExpired)), events: None } }
\* 8: 1 -> 2: Reply { seq: 1, reply: Done { zxid: 0.0#2, tree: 2, reply: Some(Ok(Opened(session 1))), events: None } }
From == <<2, 1, 1, 2, 1, 1, 1, 1>>
To == <<1, 1, 2, 1, 1, 2, 2, 2>>
Link == <<1, 2, 3, 1, 2, 3, 3, 3>>
Ends == <<<<2, 1>>, <<1, 1>>, <<1, 2>>>>

\* What is bounded:
\* 1: timers of kind "zab"
\* 2: timers of kind "expire"

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, timer Zab(Quorum)
\* 2: at 1, timer Zab(Resend)
\* 3: at 2, timer Retry(Retry)
\* 4: at 1, timer Expire(session 1)
Events == 1..4
At == <<1, 1, 2, 1>>
Spends == <<1, 0, 0, 2>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>, <<2, 2>>}, {<<3, 4>>}, {<<1, 7>>, <<2, 8>>}, {<<1, 1>>, <<2, 2>>},
  {<<1, 11>>, <<2, 12>>, <<4, 13>>}, {<<1, 7>>, <<2, 8>>}, {<<3, 17>>}, {<<1, 11>>, <<2, 12>>, <<4, 20>>},
  {<<1, 23>>, <<2, 24>>}, {<<1, 23>>, <<2, 24>>}, {<<1, 26>>, <<2, 29>>}, {}, {<<1, 26>>, <<2, 29>>}, {},
  {<<3, 35>>}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<
  {}, {}, {1}, {}, {}, {1}, {3, 8}, {}, {}, {}, {}, {3, 6, 7, 8}, {}, {3, 6, 7, 8}, {3, 8}
>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  (1 :> 3), (3 :> 5 @@ 8 :> 6), (2 :> 9), (1 :> 10), (1 :> 14 @@ 4 :> 15), (2 :> 16), (6 :> 18 @@ 7 :> 19),
  (1 :> 21 @@ 4 :> 22), (1 :> 25 @@ 4 :> 27 @@ 5 :> 26), (1 :> 28 @@ 4 :> 30 @@ 5 :> 29),
  (1 :> 31 @@ 4 :> 32), [x \in {} |-> 0], (1 :> 33 @@ 4 :> 34), [x \in {} |-> 0], (7 :> 19)
>>

\* Effects: what the node is then.
Part == <<
  1, 4, 3, 2, 7, 15, 3, 6, 5, 6, 5, 8, 9, 5, 5, 8, 7, 12, 14, 10, 8, 8, 9, 10, 9, 11, 9, 10, 13, 10, 11, 11,
  13, 13, 15
>>

\* Effects: what is sent, in order.
Sends == <<
  << >>, << >>, <<2>>, <<1>>, <<4>>, <<4>>, << >>, << >>, <<3>>, <<2>>, << >>, << >>, <<5>>, <<3>>, <<6>>,
  <<3>>, <<4>>, << >>, << >>, <<5>>, <<3>>, <<6>>, << >>, << >>, <<3>>, << >>, <<6>>, <<3>>, << >>, <<6>>,
  <<8>>, <<7>>, <<8>>, <<7>>, <<4>>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<
  0, 0, 1, 2, 3, 4, 0, 0, 5, 1, 0, 0, 0, 6, 7, 5, 8, 9, 10, 0, 6, 7, 0, 0, 6, 0, 7, 6, 0, 7, 11, 12, 11, 12, 8
>>

\* By history: what it becomes by what it sees.
Observe == <<
  (1 :> 1 @@ 2 :> 1 @@ 3 :> 1 @@ 4 :> 1 @@ 5 :> 1 @@ 6 :> 1 @@ 7 :> 1 @@ 8 :> 1 @@ 9 :> 1 @@ 10 :> 1 @@ 11 :> 1 @@ 12 :> 1)
>>

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
  /\ left = <<0, 1>>
  /\ history = 1
  /\ network = {1}

\* It has a step that changes nothing: where there is one, it counts as taken.
IdleHappen(v) == ENABLED (Happen(v) /\ UNCHANGED vars)

\* What is promised: weakly or strongly fair steps.
Fairness ==
  /\ \A m \in {1, 2, 3, 4, 5, 6, 7, 8} : SF_vars(Deliver(m))
  /\ \A v \in {1, 4} : WF_vars(Happen(v))
  /\ \A v \in {2, 3} : WF_vars(~IdleHappen(v) /\ Happen(v))

Spec == Init /\ [][Next]_vars /\ Fairness

\* ---- The properties

\* agreement (always): servers that delivered as much have the same tree
Always_agreement == node \notin {}

\* ephemeral (always): an ephemeral node is there only while its session is open
Always_ephemeral == node \notin {}

\* sessions-timed (always): a leader has a timer for each session that is open in its tree, and for no other
Always_sessions_timed == \A n \in Nodes : node[n] \notin {}

\* watchers-told (always): a server has sent the events of all watches that fired in its tree
Always_watchers_told == \A n \in Nodes : node[n] \notin {}

\* every-request-answered (leads-to): every request is answered
Start_every_request_answered == node \notin {
  <<10, 12>>, <<11, 12>>, <<11, 14>>, <<13, 12>>, <<13, 14>>, <<5, 12>>, <<8, 12>>, <<9, 12>>
}
Goal_every_request_answered == node \in {
  <<10, 12>>, <<11, 12>>, <<11, 14>>, <<13, 12>>, <<13, 14>>, <<5, 12>>, <<8, 12>>, <<9, 12>>
}
LeadsTo_every_request_answered == Start_every_request_answered ~> Goal_every_request_answered

\* session-ended (sometimes): a client knows that its session has ended
Never_session_ended == ~(node \in {<<11, 14>>, <<13, 14>>})

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
