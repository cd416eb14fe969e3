use super::*;
use crate::kv::Retry;

fn client(script: Vec<ScriptedOp>) -> Node {
    let actor = config(2, Rule::MultiValue).client(1, script);
    let mut o = Out::new();
    let state = actor.on_start(id(9), &None, &mut o);
    Node { id: id(9), actor, state, disk: None }
}

fn values(values: &[&str], context: VersionVector) -> Answer {
    Answer::Values { values: bytes(values), context: context.into(), more: false }
}

#[test]
fn an_informed_put_carries_the_context_of_the_last_get() {
    let script = vec![ScriptedOp::Plain(Op::get("x")), ScriptedOp::Informed(Op::put("x", "c"))];
    let mut client = client(script);
    let context = vector(&[(0, 1), (1, 2)]);
    let reply = values(&["a", "b"], context.clone());
    let did = client.on_msg(1, Service::Reply { seq: 1, reply });
    let resolving = Service::Request { seq: 2, op: with(put("c"), context) };
    assert!(did.contains(&Did::Send(1, resolving)), "{did:?}");
}

#[test]
fn a_client_without_an_answer_asks_the_next_node_the_same() {
    let mut client = client(vec![ScriptedOp::Plain(Op::put("x", "a"))]);
    let did = client.on_timeout(&Timer::Retry(Retry));
    let again = Service::Request { seq: 1, op: put("a") };
    assert_eq!(did, [Did::Send(0, again), Did::Set(Timer::Retry(Retry))]);
}

#[test]
fn an_answer_to_an_earlier_call_is_ignored() {
    let put = |value| ScriptedOp::Plain(Op::put("x", value));
    let mut client = client(vec![put("a"), put("b")]);
    let done = Service::Reply { seq: 1, reply: Answer::Done };
    client.on_msg(1, done.clone());
    client.ignores(1, done);
}
