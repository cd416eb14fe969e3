---- MODULE kafka_steady ----
\* kafka steady: 3 brokers in sync, 2 to commit, a producer and a consumer; nothing fails
\*
\* Written by: quorate export --tla kafka --instance steady
\* TLC must find 569 distinct states.
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

\* 1: controller 0, 2: broker 1, 3: broker 2, 4: broker 3, 5: client 4, 6: client 5
Nodes == 1..6

\* Messages, by number: sender, receiver, link.
\* 1: 3 -> 2: Peer(Fetch(Fetch { leader_epoch: 1, offset: 0, last_epoch: 0, broker_epoch: 1, held: None }))
\* 2: 4 -> 2: Peer(Fetch(Fetch { leader_epoch: 1, offset: 0, last_epoch: 0, broker_epoch: 1, held: None }))
\* 3: 5 -> 2: Request { seq: 1, op: Produce { sequence: 1, messages: ["a"], acks: All } }
\* 4: 6 -> 2: Request { seq: 1, op: Consume { from: 0 } }
\* 5: 2 -> 6: Reply { seq: 1, reply: Consumed { from: 0, records: [] } }
\* 6: 2 -> 3: Peer(Fetched(Fetched { leader_epoch: 1, offset: 0, last_epoch: 0, hw: 0, content: Records([Record { epoch: 1, producer: Id(4), sequence: 1, entry: Message("a") }]) }))
\* 7: 2 -> 4: Peer(Fetched(Fetched { leader_epoch: 1, offset: 0, last_epoch: 0, hw: 0, content: Records([Record { epoch: 1, producer: Id(4), sequence: 1, entry: Message("a") }]) }))
\* 8: 3 -> 2: Peer(Fetch(Fetch { leader_epoch: 1, offset: 1, last_epoch: 1, broker_epoch: 1, held: None }))
\* 9: 4 -> 2: Peer(Fetch(Fetch { leader_epoch: 1, offset: 1, last_epoch: 1, broker_epoch: 1, held: None }))
\* 10: 2 -> 5: Reply { seq: 1, reply: Produced { offset: 0 } }
\* 11: 2 -> 4: Peer(Fetched(Fetched { leader_epoch: 1, offset: 1, last_epoch: 1, hw: 1, content: Records([]) }))
\* 12: 2 -> 3: Peer(Fetched(Fetched { leader_epoch: 1, offset: 1, last_epoch: 1, hw: 1, content: Records([]) }))
\* 13: 2 -> 3: Peer(Fetched(Fetched { leader_epoch: 1, offset: 0, last_epoch: 0, hw: 1, content: Records([Record { epoch: 1, producer: Id(4), sequence: 1, entry: Message("a") }]) }))
\* 14: 2 -> 4: Peer(Fetched(Fetched { leader_epoch: 1, offset: 0, last_epoch: 0, hw: 1, content: Records([Record { epoch: 1, producer: Id(4), sequence: 1, entry: Message("a") }]) }))
\* 15: 2 -> 6: Reply { seq: 1, reply: Consumed { from: 0, records: [Record { epoch: 1, producer: Id(4), sequence: 1, entry: Message("a") }] } }
\* 16: 1 -> 2: Peer(Metadata(Registry { version: 2, brokers: {Id(1): Registration { epoch: 1, fenced: true }, Id(2): Registration { epoch: 1, fenced: false }, Id(3): Registration { epoch: 1, fenced: false }}, partition: Partition { leader: Some(Id(2)), leader_epoch: 2, epoch: 3, isr: {Id(2), Id(3)}, elr: {} } }))
\* 17: 1 -> 3: Peer(Metadata(Registry { version: 2, brokers: {Id(1): Registration { epoch: 1, fenced: true }, Id(2): Registration { epoch: 1, fenced: false }, Id(3): Registration { epoch: 1, fenced: false }}, partition: Partition { leader: Some(Id(2)), leader_epoch: 2, epoch: 3, isr: {Id(2), Id(3)}, elr: {} } }))
\* 18: 1 -> 4: Peer(Metadata(Registry { version: 2, brokers: {Id(1): Registration { epoch: 1, fenced: true }, Id(2): Registration { epoch: 1, fenced: false }, Id(3): Registration { epoch: 1, fenced: false }}, partition: Partition { leader: Some(Id(2)), leader_epoch: 2, epoch: 3, isr: {Id(2), Id(3)}, elr: {} } }))
\* 19: 1 -> 2: Peer(Metadata(Registry { version: 2, brokers: {Id(1): Registration { epoch: 1, fenced: false }, Id(2): Registration { epoch: 1, fenced: true }, Id(3): Registration { epoch: 1, fenced: false }}, partition: Partition { leader: Some(Id(1)), leader_epoch: 1, epoch: 2, isr: {Id(1), Id(3)}, elr: {} } }))
\* 20: 1 -> 3: Peer(Metadata(Registry { version: 2, brokers: {Id(1): Registration { epoch: 1, fenced: false }, Id(2): Registration { epoch: 1, fenced: true }, Id(3): Registration { epoch: 1, fenced: false }}, partition: Partition { leader: Some(Id(1)), leader_epoch: 1, epoch: 2, isr: {Id(1), Id(3)}, elr: {} } }))
\* 21: 1 -> 4: Peer(Metadata(Registry { version: 2, brokers: {Id(1): Registration { epoch: 1, fenced: false }, Id(2): Registration { epoch: 1, fenced: true }, Id(3): Registration { epoch: 1, fenced: false }}, partition: Partition { leader: Some(Id(1)), leader_epoch: 1, epoch: 2, isr: {Id(1), Id(3)}, elr: {} } }))
\* 22: 1 -> 2: Peer(Metadata(Registry { version: 2, brokers: {Id(1): Registration { epoch: 1, fenced: false }, Id(2): Registration { epoch: 1, fenced: false }, Id(3): Registration { epoch: 1, fenced: true }}, partition: Partition { leader: Some(Id(1)), leader_epoch: 1, epoch: 2, isr: {Id(1), Id(2)}, elr: {} } }))
\* 23: 1 -> 3: Peer(Metadata(Registry { version: 2, brokers: {Id(1): Registration { epoch: 1, fenced: false }, Id(2): Registration { epoch: 1, fenced: false }, Id(3): Registration { epoch: 1, fenced: true }}, partition: Partition { leader: Some(Id(1)), leader_epoch: 1, epoch: 2, isr: {Id(1), Id(2)}, elr: {} } }))
\* 24: 1 -> 4: Peer(Metadata(Registry { version: 2, brokers: {Id(1): Registration { epoch: 1, fenced: false }, Id(2): Registration { epoch: 1, fenced: false }, Id(3): Registration { epoch: 1, fenced: true }}, partition: Partition { leader: Some(Id(1)), leader_epoch: 1, epoch: 2, isr: {Id(1), Id(2)}, elr: {} } }))
\* 25: 2 -> 1: Peer(Heartbeat { epoch: 1, version: 1 })
\* 26: 3 -> 1: Peer(Heartbeat { epoch: 1, version: 1 })
\* 27: 4 -> 1: Peer(Heartbeat { epoch: 1, version: 1 })
\* 28: 5 -> 3: Request { seq: 1, op: Produce { sequence: 1, messages: ["a"], acks: All } }
\* 29: 6 -> 3: Request { seq: 1, op: Consume { from: 0 } }
\* 30: 2 -> 1: Peer(AlterPartition { leader_epoch: 1, partition_epoch: 1, isr: {Id(1): 1} })
\* 31: 2 -> 1: Peer(AlterPartition { leader_epoch: 1, partition_epoch: 1, isr: {Id(1): 1, Id(2): 1} })
\* 32: 2 -> 1: Peer(AlterPartition { leader_epoch: 1, partition_epoch: 1, isr: {Id(1): 1, Id(3): 1} })
From == <<
  3, 4, 5, 6, 2, 2, 2, 3, 4, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 2, 2, 2
>>
To == <<
  2, 2, 2, 2, 6, 3, 4, 2, 2, 5, 4, 3, 3, 4, 6, 2, 3, 4, 2, 3, 4, 2, 3, 4, 1, 1, 1, 3, 3, 1, 1, 1
>>
Link == <<
  1, 2, 3, 4, 5, 6, 7, 1, 2, 8, 7, 6, 6, 7, 5, 9, 10, 11, 9, 10, 11, 9, 10, 11, 12, 13, 14, 15, 16, 12, 12, 12
>>
Ends == <<
  <<3, 2>>, <<4, 2>>, <<5, 2>>, <<6, 2>>, <<2, 6>>, <<2, 3>>, <<2, 4>>, <<2, 5>>, <<1, 2>>, <<1, 3>>,
  <<1, 4>>, <<2, 1>>, <<3, 1>>, <<4, 1>>, <<5, 3>>, <<6, 3>>
>>

\* What is bounded:
\* 1: timers of kind "suspect"
\* 2: timers of kind "resend"
\* 3: timers of kind "retry"
\* 4: timers of kind "lag"
\* 5: timers of kind "flush"

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, timer Suspect(Id(1))
\* 2: at 1, timer Suspect(Id(2))
\* 3: at 1, timer Suspect(Id(3))
\* 4: at 2, timer Resend
\* 5: at 3, timer Resend
\* 6: at 4, timer Resend
\* 7: at 5, timer Retry(Retry)
\* 8: at 6, timer Retry(Retry)
\* 9: at 2, timer Lag
\* 10: at 2, timer Flush
\* 11: at 3, timer Flush
\* 12: at 4, timer Flush
Events == 1..12
At == <<1, 1, 1, 2, 3, 4, 5, 6, 2, 2, 3, 4>>
Spends == <<1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 5>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>, <<2, 2>>, <<3, 3>>}, {<<4, 4>>}, {<<5, 9>>}, {<<6, 11>>}, {<<7, 13>>}, {<<8, 15>>}, {<<4, 18>>},
  {<<4, 22>>}, {<<4, 25>>, <<9, 26>>, <<10, 27>>}, {<<4, 31>>}, {<<4, 34>>, <<9, 35>>, <<10, 36>>},
  {<<4, 40>>, <<9, 41>>, <<10, 42>>}, {}, {<<4, 46>>, <<9, 47>>, <<10, 48>>}, {<<5, 52>>, <<11, 53>>},
  {<<6, 55>>, <<12, 56>>}, {<<4, 58>>, <<9, 59>>, <<10, 60>>}, {<<4, 64>>, <<9, 65>>, <<10, 66>>},
  {<<4, 70>>, <<9, 71>>, <<10, 72>>}, {<<4, 76>>, <<9, 77>>, <<10, 78>>}, {<<4, 82>>, <<10, 83>>}, {},
  {<<6, 90>>, <<12, 91>>}, {<<5, 92>>, <<11, 93>>}, {}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<
  {}, {}, {}, {}, {}, {}, {1}, {2}, {3}, {1, 2}, {3}, {3}, {5, 15}, {3}, {6, 13}, {7, 14}, {3, 8}, {3, 9},
  {3, 8}, {3, 9}, {}, {10}, {7, 11, 14}, {6, 12, 13}, {5, 15}
>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  [x \in {} |-> 0], (1 :> 5 @@ 2 :> 6 @@ 3 :> 7 @@ 4 :> 8), (6 :> 10), (7 :> 12), (10 :> 14),
  (5 :> 16 @@ 15 :> 17), (2 :> 19 @@ 3 :> 20 @@ 4 :> 21), (1 :> 19 @@ 3 :> 23 @@ 4 :> 24),
  (1 :> 28 @@ 2 :> 29 @@ 4 :> 30), (3 :> 32 @@ 4 :> 33), (1 :> 28 @@ 2 :> 37 @@ 4 :> 38 @@ 8 :> 39),
  (1 :> 43 @@ 2 :> 29 @@ 4 :> 44 @@ 9 :> 45), [x \in {} |-> 0],
  (1 :> 43 @@ 2 :> 37 @@ 4 :> 49 @@ 8 :> 50 @@ 9 :> 51), (12 :> 54), (11 :> 57),
  (1 :> 61 @@ 2 :> 62 @@ 4 :> 63), (1 :> 67 @@ 2 :> 68 @@ 4 :> 69),
  (1 :> 73 @@ 2 :> 62 @@ 4 :> 74 @@ 9 :> 75), (1 :> 67 @@ 2 :> 79 @@ 4 :> 80 @@ 8 :> 81),
  (1 :> 84 @@ 2 :> 85 @@ 3 :> 86 @@ 4 :> 87 @@ 8 :> 88 @@ 9 :> 89), [x \in {} |-> 0], [x \in {} |-> 0],
  [x \in {} |-> 0], [x \in {} |-> 0]
>>

\* Effects: what the node is then.
Part == <<
  26, 27, 28, 2, 7, 8, 9, 2, 3, 15, 4, 16, 29, 22, 30, 13, 25, 7, 10, 11, 7, 8, 12, 8, 9, 31, 32, 11, 12, 9,
  10, 14, 10, 11, 33, 34, 14, 11, 17, 12, 35, 36, 14, 12, 18, 14, 37, 38, 14, 19, 20, 15, 39, 24, 16, 40, 23,
  17, 41, 42, 17, 19, 17, 18, 43, 44, 20, 18, 18, 19, 45, 46, 19, 19, 21, 20, 47, 48, 20, 20, 21, 21, 49, 21,
  21, 21, 21, 21, 21, 23, 50, 24, 51
>>

\* Effects: what is sent, in order.
Sends == <<
  <<16, 17, 18>>, <<19, 20, 21>>, <<22, 23, 24>>, <<25>>, << >>, << >>, << >>, <<5>>, <<26, 1>>, <<8>>,
  <<27, 2>>, <<9>>, <<28>>, << >>, <<29>>, << >>, << >>, <<25>>, << >>, <<6>>, <<5>>, <<25>>, <<7>>, <<5>>,
  <<25>>, <<30>>, << >>, <<6>>, <<7>>, <<5>>, <<25>>, <<6, 7>>, <<5>>, <<25>>, <<30>>, << >>, <<7>>, <<5>>,
  << >>, <<25>>, <<30>>, << >>, <<6>>, <<5>>, << >>, <<25>>, <<30>>, << >>, <<5>>, << >>, << >>, <<26, 8>>,
  << >>, << >>, <<27, 9>>, << >>, << >>, <<25>>, <<31>>, << >>, <<6>>, <<7>>, <<5>>, <<25>>, <<32>>, << >>,
  <<6>>, <<7>>, <<5>>, <<25>>, <<31>>, << >>, <<6>>, <<5>>, <<10, 11>>, <<25>>, <<32>>, << >>, <<7>>, <<5>>,
  <<10, 12>>, <<25>>, << >>, <<13>>, <<14>>, <<10>>, <<15>>, <<12>>, <<11>>, <<27, 9>>, << >>, <<26, 8>>,
  << >>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<
  0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 5, 6, 7, 0, 0, 1, 2, 0, 1, 2, 0, 0, 0, 0, 0, 2, 0, 1, 2, 0, 0, 0,
  0, 2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 2, 0, 0, 0,
  0, 2, 8, 0, 0, 0, 0, 2, 8, 0, 0, 0, 0, 9, 10, 0, 0, 0, 0, 0, 0
>>

\* By history: what it becomes by what it sees.
Observe == <<
  (1 :> 1 @@ 2 :> 1 @@ 4 :> 2 @@ 6 :> 1 @@ 7 :> 3 @@ 8 :> 1 @@ 9 :> 1 @@ 10 :> 1),
  (6 :> 2 @@ 7 :> 4 @@ 9 :> 2 @@ 10 :> 2), (4 :> 4 @@ 9 :> 3 @@ 10 :> 3), (9 :> 4 @@ 10 :> 4)
>>

\* Nodes that are down.
Down == {}

\* ---- The rules of the world

\* What is beyond is not explored.
Within == node \notin {}

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
  /\ node = <<1, 2, 3, 4, 5, 6>>
  /\ left = <<0, 0, 0, 0, 0>>
  /\ history = 1
  /\ network = {1, 2, 3, 4}

Spec == Init /\ [][Next]_vars

\* ---- The properties

\* one-leader (always): at most one broker leads in a leader epoch
Always_one_leader == node \notin {}

\* candidate-completeness (always): every running broker that may be elected has the records below any broker's watermark
Always_candidate_completeness == node \notin {}

\* quorum-superset (always): a leader that commits counts everybody who may be elected
Always_quorum_superset == node \notin {}

\* log-matching (always): two logs are the same below the smaller of their watermarks
Always_log_matching == node \notin {}

\* follower-progress (always): a running follower has what the elected leader counts for it
Always_follower_progress == node \notin {}

\* consistent-read (always): a record that was read at an offset is read there for ever
Always_consistent_read == history \notin {}

\* metadata (always): a broker knows only what the controller decided
Always_metadata == node \notin {}

\* no-fenced-isr (always): no fenced broker is in sync
Always_no_fenced_isr == node \notin {}

\* isr-shape (always): a leader is in sync, nobody is both in sync and merely eligible, and nobody is merely eligible while the in-sync replicas suffice
Always_isr_shape == node \notin {}

\* leader-completeness (always): the leader that the controller elected has every acknowledged record
Always_leader_completeness == <<node, history>> \notin {}

\* no-loss (always): every acknowledged record is in the log of some broker
Always_no_loss == <<node, history>> \notin {}

\* commit-once (always): a producer's record is committed at most once
Always_commit_once == node \notin {}

\* producer-order (always): a producer's records are committed in its order, without a gap
Always_producer_order == node \notin {}

\* committed (sometimes): a producer's record was acknowledged
Never_committed == ~(history \in {2, 4})

\* read (sometimes): a consumer read a record
Never_read == ~(history \in {3, 4})

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
