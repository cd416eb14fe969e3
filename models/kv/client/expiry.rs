//! A client whose session has expired: how it ends.

use super::*;
use stateright::actor::Command;

/// A client on its own: of server 0, with three operations to do.
struct Alone(ScriptedClient<u8>);

type Msg = Service<u8, u8, ()>;

impl Actor for Alone {
    type Msg = Msg;
    type Timer = Retry;
    type State = ClientState<u8>;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> ClientState<u8> {
        self.0.on_start(o)
    }
}

/// The client after its start and these messages, the numbers it asked under, and whether it waits.
fn hears(msgs: impl IntoIterator<Item = Msg>) -> (ClientState<u8>, Vec<u64>, bool) {
    let retry = Duration::from_millis(1)..Duration::from_millis(2);
    let script = vec![7, 8, 9];
    let alone =
        Alone(ScriptedClient { script, first_seq: 5, slots: 1, servers: vec![Id::from(0)], retry });
    let mut out = Out::new();
    let mut state = Cow::Owned(alone.on_start(9.into(), &None, &mut out));
    for msg in msgs {
        alone.0.on_msg(&mut state, msg, &mut out);
    }
    let (mut asked, mut waits) = (Vec::new(), false);
    for command in out {
        match command {
            Command::Send(_, Service::Request { seq, .. }) => asked.push(seq),
            Command::SetTimer(..) => waits = true,
            Command::CancelTimer(_) => waits = false,
            _ => {}
        }
    }
    (state.into_owned(), asked, waits)
}

fn reply(seq: u64) -> Msg {
    Service::Reply { seq, reply: 1 }
}

fn expired(seq: u64) -> Msg {
    Service::Refused { seq, why: Refusal::SessionExpired }
}

#[test]
fn it_asks_nothing_more_and_says_that_the_outcome_is_unknown() {
    let (state, asked, waits) = hears([reply(5), expired(6)]);
    assert_eq!((state.done, &state.last), (3, &Some(Err(Refusal::SessionExpired))));
    assert_eq!((asked, waits), (vec![5, 6], false));
    let (late, asked, _) = hears([reply(5), expired(6), reply(6), reply(7)]);
    assert_eq!((late, asked), (state, vec![5, 6]), "late answers change nothing");
}

#[test]
fn a_refusal_of_an_earlier_request_does_not_end_it() {
    let (state, asked, waits) = hears([reply(5), expired(5), reply(6)]);
    assert_eq!((state.done, state.last), (2, Some(Ok(1))));
    assert_eq!((asked, waits), (vec![5, 6, 7], true));
}
