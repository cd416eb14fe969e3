---- MODULE quorum_store_lwt_crash ----
\* quorum-store lwt-crash: 2 nodes, ordered links, a client that puts serially at a node that may crash and come back, asks again once, and puts and gets serially at another
\*
\* Written by: quorate export --tla quorum-store --instance lwt-crash
\* TLC must find 539 distinct states.
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
\* 1: 3 -> 1: Request { seq: 1, op: Key { op: Put { key: "x", value: "a" }, level: Serial, context: None } }
\* 2: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Prepare { call: Call { client: Id(2), seq: 1 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) } } })
\* 3: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Promise { call: Call { client: Id(2), seq: 1 }, ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) }, promised: Promised { version: None, accepted: None, committed: None } } })
\* 4: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Propose { call: Call { client: Id(2), seq: 1 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) }, update: Value(Some("a")) } })
\* 5: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Accepted { call: Call { client: Id(2), seq: 1 }, ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) } } })
\* 6: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Commit { call: Call { client: Id(2), seq: 1 }, key: "x", version: Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) }, content: Value(Some("a")) } } })
\* 7: 1 -> 3: Reply { seq: 1, reply: TimedOut }
\* 8: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Committed { call: Call { client: Id(2), seq: 1 }, ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) } } })
\* 9: 3 -> 2: Request { seq: 2, op: Key { op: Put { key: "x", value: "b" }, level: Serial, context: None } }
\* 10: 1 -> 3: Reply { seq: 1, reply: Done { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) } } }
\* 11: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Prepare { call: Call { client: Id(2), seq: 2 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) } } })
\* 12: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Nack { call: Call { client: Id(2), seq: 1 }, promised: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) } } })
\* 13: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Promise { call: Call { client: Id(2), seq: 2 }, ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, promised: Promised { version: None, accepted: None, committed: None } } })
\* 14: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Prepare { call: Call { client: Id(2), seq: 2 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) } } })
\* 15: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Promise { call: Call { client: Id(2), seq: 2 }, ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) }, promised: Promised { version: Some(Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) }, content: Value(Some("a")) }), accepted: None, committed: Some(Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) }, content: Value(Some("a")) }) } } })
\* 16: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Promise { call: Call { client: Id(2), seq: 2 }, ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, promised: Promised { version: None, accepted: Some((Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) }, Value(Some("a")))), committed: None } } })
\* 17: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Propose { call: Call { client: Id(2), seq: 2 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, update: Value(Some("b")) } })
\* 18: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Propose { call: Call { client: Id(2), seq: 2 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) }, update: Value(Some("b")) } })
\* 19: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Accepted { call: Call { client: Id(2), seq: 2 }, ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) } } })
\* 20: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Promise { call: Call { client: Id(2), seq: 2 }, ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, promised: Promised { version: Some(Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) }, content: Value(Some("a")) }), accepted: None, committed: Some(Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(0) }, content: Value(Some("a")) }) } } })
\* 21: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Propose { call: Call { client: Id(2), seq: 2 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, update: Value(Some("a")) } })
\* 22: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Accepted { call: Call { client: Id(2), seq: 2 }, ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) } } })
\* 23: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Commit { call: Call { client: Id(2), seq: 2 }, key: "x", version: Version { stamp: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) }, content: Value(Some("b")) } } })
\* 24: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Commit { call: Call { client: Id(2), seq: 2 }, key: "x", version: Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, content: Value(Some("b")) } } })
\* 25: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Committed { call: Call { client: Id(2), seq: 2 }, ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) } } })
\* 26: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Committed { call: Call { client: Id(2), seq: 2 }, ballot: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) } } })
\* 27: 2 -> 3: Reply { seq: 2, reply: Done { stamp: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) } } }
\* 28: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Commit { call: Call { client: Id(2), seq: 2 }, key: "x", version: Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, content: Value(Some("a")) } } })
\* 29: 2 -> 3: Reply { seq: 2, reply: Done { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) } } }
\* 30: 3 -> 2: Request { seq: 3, op: Key { op: Get { key: "x" }, level: Serial, context: None } }
\* 31: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Prepare { call: Call { client: Id(2), seq: 3 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 3 }, node: Id(1) } } })
\* 32: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Prepare { call: Call { client: Id(2), seq: 3 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) } } })
\* 33: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Promise { call: Call { client: Id(2), seq: 3 }, ballot: Stamp { time: Stamp { physical: 0, logical: 3 }, node: Id(1) }, promised: Promised { version: Some(Version { stamp: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) }, content: Value(Some("b")) }), accepted: None, committed: Some(Version { stamp: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) }, content: Value(Some("b")) }) } } })
\* 34: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Promise { call: Call { client: Id(2), seq: 2 }, ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) }, promised: Promised { version: Some(Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, content: Value(Some("a")) }), accepted: None, committed: Some(Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, content: Value(Some("a")) }) } } })
\* 35: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Promise { call: Call { client: Id(2), seq: 3 }, ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) }, promised: Promised { version: Some(Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, content: Value(Some("b")) }), accepted: None, committed: Some(Version { stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) }, content: Value(Some("b")) }) } } })
\* 36: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Propose { call: Call { client: Id(2), seq: 3 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 3 }, node: Id(1) }, update: Nothing } })
\* 37: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Propose { call: Call { client: Id(2), seq: 3 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) }, update: Nothing } })
\* 38: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Accepted { call: Call { client: Id(2), seq: 3 }, ballot: Stamp { time: Stamp { physical: 0, logical: 3 }, node: Id(1) } } })
\* 39: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Accepted { call: Call { client: Id(2), seq: 3 }, ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) } } })
\* 40: 2 -> 3: Reply { seq: 3, reply: Value { value: Some("b"), stamp: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(1) } } }
\* 41: 2 -> 3: Reply { seq: 3, reply: Value { value: Some("b"), stamp: Stamp { time: Stamp { physical: 0, logical: 1 }, node: Id(1) } } }
\* 42: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 43: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 44: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Prepare { call: Call { client: Id(2), seq: 1 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 2 }, node: Id(0) } } })
\* 45: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [2224359006307517166, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 46: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [2224359006307517166, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 47: 2 -> 3: Reply { seq: 2, reply: TimedOut }
\* 48: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Prepare { call: Call { client: Id(2), seq: 2 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 3 }, node: Id(1) } } })
\* 49: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [4517167262527790114, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 50: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [12894495622262267191, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 51: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [4517167262527790114, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 52: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [12894495622262267191, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 53: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [15622231607201791084, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 54: 1 -> 2: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Tree { path: [], sums: [15622231607201791084, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], horizons: Horizons { sender: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) }, receiver: Stamp { time: Stamp { physical: 0, logical: 0 }, node: Id(0) } } } })
\* 55: 2 -> 1: Peer(InEpoch { epoch: Epoch { number: 0, mover: None }, msg: Prepare { call: Call { client: Id(2), seq: 3 }, key: "x", ballot: Stamp { time: Stamp { physical: 0, logical: 4 }, node: Id(1) } } })
\* 56: 2 -> 3: Reply { seq: 3, reply: TimedOut }
From == <<
  3, 1, 2, 1, 2, 1, 1, 2, 3, 1, 2, 2, 1, 2, 1, 1, 2, 2, 1, 1, 2, 1, 2, 2, 1, 1, 2, 2, 2, 3, 2, 2, 1, 1, 1, 2,
  2, 1, 1, 2, 2, 1, 2, 1, 1, 2, 2, 2, 2, 2, 1, 1, 2, 1, 2, 2
>>
To == <<
  1, 2, 1, 2, 1, 2, 3, 1, 2, 3, 1, 1, 2, 1, 2, 2, 1, 1, 2, 2, 1, 2, 1, 1, 2, 2, 3, 1, 3, 2, 1, 1, 2, 2, 2, 1,
  1, 2, 2, 3, 3, 2, 1, 2, 2, 1, 3, 1, 1, 1, 2, 2, 1, 2, 1, 3
>>
Link == <<
  1, 2, 3, 2, 3, 2, 4, 3, 5, 4, 3, 3, 2, 3, 2, 2, 3, 3, 2, 2, 3, 2, 3, 3, 2, 2, 6, 3, 6, 5, 3, 3, 2, 2, 2, 3,
  3, 2, 2, 6, 6, 2, 3, 2, 2, 3, 6, 3, 3, 3, 2, 2, 3, 2, 3, 6
>>
Ends == <<
  <<3, 1>>, <<1, 2>>, <<2, 1>>, <<1, 3>>, <<3, 2>>, <<2, 3>>
>>

\* What is bounded:
\* 1: timers of kind "repair"
\* 2: crashes
\* 3: timers of kind "retry"
\* 4: timers of kind "resend"
\* 5: timers of kind "deadline"
\* 6: restarts

\* Events at a node alone: at which, and what is bounded that they spend.
\* 1: at 1, timer Repair
\* 2: at 1, crash
\* 3: at 2, timer Repair
\* 4: at 3, timer Retry(Retry)
\* 5: at 1, timer Resend
\* 6: at 1, timer Deadline(Call { client: Id(2), seq: 1 })
\* 7: at 1, restart
\* 8: at 2, timer Resend
\* 9: at 2, timer Deadline(Call { client: Id(2), seq: 2 })
\* 10: at 2, timer Deadline(Call { client: Id(2), seq: 3 })
Events == 1..10
At == <<1, 1, 2, 3, 1, 1, 1, 2, 2, 2>>
Spends == <<1, 2, 1, 3, 4, 5, 6, 4, 5, 5>>

\* By what a node is: the events that may happen, with their effects.
Local == <<
  {<<1, 1>>, <<2, 2>>}, {<<3, 4>>}, {<<4, 7>>}, {<<1, 12>>, <<2, 13>>, <<5, 10>>, <<6, 11>>}, {<<7, 15>>},
  {<<3, 16>>}, {<<7, 18>>}, {<<1, 20>>, <<2, 21>>, <<5, 14>>, <<6, 19>>}, {<<1, 23>>, <<2, 13>>}, {<<3, 26>>},
  {<<7, 29>>}, {<<1, 31>>, <<2, 32>>, <<5, 22>>, <<6, 30>>}, {<<1, 34>>, <<2, 21>>}, {<<3, 37>>}, {<<7, 39>>},
  {<<4, 40>>}, {<<1, 43>>, <<2, 32>>}, {<<1, 46>>, <<2, 32>>}, {<<3, 52>>, <<8, 50>>, <<9, 51>>},
  {<<1, 56>>, <<2, 57>>}, {<<3, 61>>, <<8, 59>>, <<9, 60>>}, {<<1, 63>>, <<2, 64>>},
  {<<3, 69>>, <<8, 67>>, <<9, 68>>}, {<<1, 71>>, <<2, 72>>}, {<<3, 75>>, <<8, 54>>, <<9, 74>>},
  {<<3, 78>>, <<8, 62>>, <<9, 77>>}, {<<7, 80>>}, {<<1, 81>>, <<2, 82>>}, {<<1, 85>>, <<2, 64>>},
  {<<3, 90>>, <<8, 88>>, <<9, 89>>}, {<<1, 92>>, <<2, 93>>}, {<<3, 97>>, <<8, 95>>, <<9, 96>>},
  {<<1, 99>>, <<2, 100>>}, {<<3, 103>>, <<8, 79>>, <<9, 102>>}, {<<7, 105>>},
  {<<3, 107>>, <<8, 76>>, <<9, 106>>}, {<<1, 109>>, <<2, 110>>}, {<<1, 113>>, <<2, 82>>},
  {<<3, 117>>, <<8, 91>>, <<9, 116>>}, {<<1, 118>>, <<2, 119>>}, {<<1, 121>>, <<2, 122>>}, {<<3, 124>>},
  {<<7, 127>>}, {<<3, 129>>, <<8, 98>>, <<9, 128>>}, {<<3, 131>>}, {<<4, 133>>}, {<<1, 136>>, <<2, 110>>},
  {<<1, 139>>, <<2, 140>>}, {<<1, 141>>, <<2, 142>>}, {<<3, 146>>, <<8, 144>>, <<10, 145>>},
  {<<3, 150>>, <<8, 148>>, <<9, 149>>}, {<<3, 154>>, <<8, 152>>, <<10, 153>>}, {<<1, 156>>, <<2, 157>>},
  {<<1, 160>>, <<2, 161>>}, {<<1, 163>>, <<2, 164>>}, {<<3, 168>>, <<8, 166>>, <<10, 167>>}, {<<7, 170>>},
  {<<3, 172>>, <<8, 151>>, <<9, 171>>}, {<<3, 175>>, <<8, 173>>, <<10, 174>>}, {<<1, 177>>, <<2, 178>>},
  {<<1, 180>>, <<2, 157>>}, {<<1, 183>>, <<2, 184>>}, {<<1, 185>>, <<2, 186>>}, {<<3, 187>>}, {<<7, 189>>},
  {<<3, 190>>}, {}, {<<1, 191>>, <<2, 178>>}, {}
>>

\* By what a node is: the messages that change nothing.
Ignored == <<
  {}, {}, {}, {1}, {}, {}, {}, {1}, {3}, {}, {}, {1}, {5}, {}, {}, {7, 10}, {}, {8}, {}, {12}, {9}, {}, {},
  {12}, {}, {9}, {}, {}, {}, {}, {8}, {}, {}, {9}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {7, 10, 27},
  {}, {}, {}, {30}, {}, {}, {}, {}, {}, {30}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {7, 10, 40}, {}, {}
>>

\* By what a node is: the effects of the other messages that it is ever offered.
Delivery == <<
  (1 :> 3), (2 :> 5 @@ 9 :> 6), (7 :> 8 @@ 10 :> 9), (3 :> 14), [x \in {} |-> 0], (4 :> 17 @@ 9 :> 6),
  [x \in {} |-> 0], (5 :> 22), (1 :> 24 @@ 11 :> 25), (6 :> 27 @@ 9 :> 28), [x \in {} |-> 0], (8 :> 33),
  (1 :> 35 @@ 11 :> 36), (9 :> 38), [x \in {} |-> 0], (27 :> 41 @@ 29 :> 42), (1 :> 44 @@ 14 :> 45),
  (1 :> 47 @@ 11 :> 48 @@ 14 :> 49), (2 :> 53 @@ 4 :> 53 @@ 13 :> 54 @@ 16 :> 55), (17 :> 58), (15 :> 62),
  (1 :> 65 @@ 18 :> 66), (6 :> 70 @@ 16 :> 55), (21 :> 73), (22 :> 76), (19 :> 79), [x \in {} |-> 0],
  (1 :> 83 @@ 23 :> 84), (1 :> 86 @@ 18 :> 87), (20 :> 91), (17 :> 94), (22 :> 98), (24 :> 101), (25 :> 104),
  [x \in {} |-> 0], (26 :> 108), (1 :> 111 @@ 31 :> 112), (1 :> 114 @@ 23 :> 115), (22 :> 76), (28 :> 120),
  (32 :> 123), (9 :> 125 @@ 30 :> 126), [x \in {} |-> 0], (26 :> 130), (30 :> 132), (40 :> 134 @@ 41 :> 135),
  (1 :> 137 @@ 31 :> 138), (24 :> 101), (14 :> 143), (33 :> 147), (34 :> 151), (35 :> 155),
  (1 :> 158 @@ 36 :> 159), (18 :> 162), (37 :> 165), (38 :> 169), [x \in {} |-> 0], (19 :> 79), (39 :> 176),
  (1 :> 179), (1 :> 181 @@ 36 :> 182), (23 :> 115), [x \in {} |-> 0], (30 :> 188), [x \in {} |-> 0],
  [x \in {} |-> 0], [x \in {} |-> 0], (1 :> 192), [x \in {} |-> 0]
>>

\* Effects: what the node is then.
Part == <<
  1, 5, 4, 2, 6, 19, 3, 16, 16, 70, 71, 4, 7, 8, 1, 6, 10, 9, 72, 8, 11, 12, 9, 9, 20, 10, 14, 23, 13, 73, 12,
  15, 17, 13, 13, 24, 14, 21, 18, 16, 46, 46, 17, 17, 22, 18, 18, 31, 29, 74, 75, 19, 19, 25, 32, 20, 76, 33,
  77, 78, 21, 26, 22, 27, 22, 28, 79, 80, 23, 30, 24, 81, 40, 82, 25, 36, 83, 26, 34, 29, 28, 35, 28, 37, 29,
  29, 38, 21, 84, 30, 39, 31, 85, 48, 86, 87, 32, 44, 33, 88, 41, 89, 34, 42, 38, 90, 36, 45, 37, 43, 37, 53,
  38, 38, 47, 91, 39, 40, 92, 49, 41, 93, 55, 42, 42, 50, 47, 94, 44, 51, 45, 52, 46, 67, 69, 47, 47, 61, 48,
  95, 49, 96, 54, 97, 98, 50, 56, 99, 100, 51, 58, 101, 102, 52, 59, 53, 57, 53, 60, 54, 103, 62, 55, 104, 63,
  105, 106, 56, 64, 61, 107, 58, 108, 109, 59, 66, 60, 65, 60, 61, 61, 68, 62, 110, 63, 111, 64, 64, 68, 66,
  68, 68
>>

\* Effects: what is sent, in order.
Sends == <<
  <<42>>, << >>, <<2>>, <<43>>, <<3>>, <<11>>, <<1>>, <<9>>, <<9>>, <<44>>, <<7>>, <<42>>, << >>, <<4>>,
  << >>, <<43>>, <<5>>, << >>, <<7>>, <<42>>, << >>, <<6>>, <<42>>, <<7>>, <<13>>, <<43>>, <<8>>, <<11>>,
  << >>, <<7>>, <<45>>, << >>, <<10>>, <<42>>, <<7>>, <<16>>, <<46>>, <<14>>, << >>, <<9>>, <<30>>, <<30>>,
  <<45>>, <<10>>, <<15>>, <<45>>, <<7>>, <<20>>, <<15>>, <<14>>, <<47>>, <<43>>, <<12>>, <<17>>, <<21>>,
  <<42>>, << >>, <<22>>, <<48>>, <<47>>, <<46>>, <<18>>, <<45>>, << >>, <<10>>, <<19>>, <<14>>, <<47>>,
  <<43>>, <<8>>, <<42>>, << >>, <<22>>, <<47>>, <<43>>, <<24>>, <<47>>, <<46>>, <<23>>, << >>, <<45>>, << >>,
  <<10>>, <<25>>, <<45>>, <<7>>, <<19>>, <<14>>, <<47>>, <<46>>, <<17>>, <<45>>, << >>, <<22>>, <<14>>,
  <<47>>, <<43>>, <<28>>, <<42>>, << >>, <<26>>, <<47>>, <<49>>, <<27>>, << >>, <<47>>, <<50>>, <<29>>,
  <<51>>, << >>, <<10>>, <<33>>, <<45>>, <<7>>, <<25>>, <<47>>, <<46>>, <<42>>, << >>, <<26>>, <<52>>, << >>,
  <<35>>, <<49>>, <<27>>, <<31>>, << >>, <<47>>, <<53>>, <<14>>, <<50>>, <<32>>, <<30>>, << >>, << >>, <<51>>,
  <<7>>, <<33>>, <<45>>, << >>, <<54>>, << >>, <<34>>, <<55>>, <<56>>, <<49>>, <<36>>, <<48>>, <<47>>, <<53>>,
  <<18>>, <<31>>, <<56>>, <<50>>, <<37>>, <<51>>, << >>, <<10>>, <<38>>, <<54>>, << >>, <<19>>, <<52>>, << >>,
  <<39>>, <<55>>, <<56>>, <<49>>, <<40>>, << >>, <<47>>, <<53>>, <<31>>, <<56>>, <<50>>, <<41>>, <<51>>,
  << >>, <<10>>, <<51>>, <<7>>, <<38>>, <<54>>, << >>, <<52>>, << >>, <<49>>, <<40>>, << >>, <<50>>, <<51>>,
  <<7>>
>>

\* Effects: what the history sees; 0 is nothing.
Seen == <<
  0, 0, 1, 0, 0, 2, 3, 4, 5, 0, 6, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 7, 0, 0, 0, 2, 0, 6, 0, 0, 8, 0, 7, 0,
  0, 2, 0, 9, 10, 11, 0, 12, 0, 0, 7, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 12, 0, 0, 13, 0, 0,
  0, 0, 0, 13, 0, 0, 13, 0, 0, 0, 0, 0, 12, 0, 0, 7, 0, 0, 13, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 13, 0, 14,
  0, 13, 0, 15, 0, 0, 12, 0, 0, 7, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 16, 17, 0, 13, 0, 0, 0, 17, 18, 19, 20, 0,
  7, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0, 13, 0, 0, 0, 21, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 21, 0, 22, 0,
  13, 0, 0, 21, 0, 23, 0, 0, 12, 0, 7, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0, 7
>>

\* By history: what it becomes by what it sees.
Observe == <<
  (1 :> 1 @@ 3 :> 1 @@ 4 :> 2 @@ 5 :> 3 @@ 7 :> 1 @@ 8 :> 1 @@ 12 :> 1),
  (2 :> 2 @@ 10 :> 6 @@ 11 :> 5 @@ 14 :> 2 @@ 15 :> 2),
  (2 :> 3 @@ 7 :> 3 @@ 9 :> 3 @@ 10 :> 4 @@ 12 :> 3 @@ 14 :> 3 @@ 16 :> 3),
  (7 :> 4 @@ 12 :> 4 @@ 16 :> 4 @@ 17 :> 4 @@ 18 :> 4 @@ 19 :> 7 @@ 22 :> 4 @@ 24 :> 4),
  (17 :> 5 @@ 20 :> 8 @@ 23 :> 5), (17 :> 6 @@ 19 :> 9 @@ 22 :> 6), (7 :> 7 @@ 12 :> 7 @@ 24 :> 7),
  [x \in {} |-> 0], [x \in {} |-> 0]
>>

\* Nodes that are down.
Down == {5, 7, 11, 15, 27, 35, 43, 57, 65}

\* ---- The rules of the world

Range(s) == {s[i] : i \in DOMAIN s}

\* Ordered links: per sender and receiver messages are delivered in the order sent. By link: its queue,
\* where there is one.
InFlight == {Head(network[l]) : l \in DOMAIN network}
Taken(m) ==
  LET l == Link[m] IN
  [k \in {k \in DOMAIN network : k # l \/ Len(network[k]) > 1} |->
    IF k = l THEN Tail(network[k]) ELSE network[k]]
Without(m) == Taken(m)
With(net, sends) ==
  [l \in DOMAIN net \cup {Link[m] : m \in Range(sends)} |->
    (IF l \in DOMAIN net THEN net[l] ELSE << >>) \o SelectSeq(sends, LAMBDA m : Link[m] = l)]

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
  /\ node = <<1, 2, 3>>
  /\ left = <<0, 1, 1, 0, 0, 1>>
  /\ history = 1
  /\ network = (1 :> <<1>>)

Spec == Init /\ [][Next]_vars

\* ---- The properties

\* linearizable (always): the requests and replies are linearizable
Always_linearizable == history \notin {}

\* regular (always): a read returns no version that was overwritten before the read began
Always_regular == history \notin {}

\* monotonic-reads (always): a read returns no older version than a read that ended before it began
Always_monotonic_reads == history \notin {}

\* written (always): a read returns what somebody wrote
Always_written == history \notin {}

\* not-outlived (always): an acknowledged write has a higher timestamp than every write that was acknowledged before it began
Always_not_outlived == history \notin {}

\* acknowledged-held (always): as many replicas as its level says hold an acknowledged write or a newer one
Always_acknowledged_held == <<node, history>> \notin {}

\* serial-settles (always): a request that failed took place before it failed or never does, once serial requests have ended
Always_serial_settles == history \notin {}

\* promises-kept (always): an acceptor knows what it promised and what it accepted
Always_promises_kept == <<node, network>> \notin {}

\* one-update-per-ballot (always): replicas that accepted or committed in one ballot have one update
Always_one_update_per_ballot == node \notin {}

\* commits-known (always): a quorum knows each committed update or a later one, as committed or as accepted
Always_commits_known == node \notin {}

\* timed-out (sometimes): a request failed
Never_timed_out == ~(history \notin {1, 3, 4, 7})

\* finished (sometimes): a request finished the update of another
Never_finished == ~(\E n \in Nodes : node[n] \in {44})

\* checkpoint (always): replaying the log yields the state that the node believes it saved
Always_checkpoint == \A n \in Nodes : node[n] \notin {}

====
