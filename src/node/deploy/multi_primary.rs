//! Multi-primary: all servers are alike, and each takes requests.

mod contexts;

use self::contexts::MAX_CONTEXT_BYTES;
use super::offer::{Answered, Ask, AskError, Offer, Verdict, not_offered};
use super::{DeployError, Deployable, Readmission, newest_client};
use crate::node::client::ClientError;
use crate::node::cluster_file::ClusterFile;
use crate::node::map_client;
use crate::node::status::Status;
use quorate_models::Newcomer;
use quorate_models::kv::{Op, Reply};
use quorate_models::multi_primary::{
    Answer, Config, MultiPrimary, Peer, PhysicalTime, Request, Rule, State, Timing,
};
use stateright::actor::Id;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

impl Deployable for MultiPrimary {
    const NAME: &'static str = "multi-primary";
    type Offer = SiblingsOffer;
    type Peer = Peer;
    type Actor = Self;

    fn server(cluster: &ClusterFile, _: Id) -> Result<Self, DeployError> {
        super::check_roles::<Self>(cluster, |_| "node")?;
        let unsuitable = |reason: String| DeployError::unsuitable::<Self>(cluster, reason);
        let rule = rule(cluster).map_err(unsuitable)?;
        if cluster.servers.len() < 2 {
            let reason = "one server replicates to nobody, and never learns that a tombstone may \
                          go; add another [[server]]";
            return Err(unsuitable(reason.into()));
        }
        let mut timing = Timing::default();
        let timings = [("gossip", &mut timing.gossip), ("retry", &mut timing.retry)];
        cluster.timing.set(timings).map_err(|error| unsuitable(error.to_string()))?;
        let mut config = Config::new(cluster.servers.len(), rule, timing);
        config.physical = PhysicalTime(wall_clock);
        config.contexts = contexts::authenticator(cluster);
        Ok(config.server())
    }

    fn status(state: &State) -> Status {
        let role = match state {
            State::Replica(replica) if replica.image.newcomer.is_some() => "newcomer",
            State::Replica(_) => "node",
            State::Client(_) => return Status::default(),
        };
        Status { role, ..Status::default() }
    }

    fn newest_client(state: &State) -> Option<Id> {
        let State::Replica(replica) = state else { return None };
        newest_client(&replica.image.sessions)
    }

    fn readmission(_server: Id) -> Readmission<Self> {
        Readmission::Rejoins(Newcomer::on_newcomer)
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

/// Milliseconds since 1970 by this host's clock. It may jump or run backwards: the timestamps'
/// logical part makes up for that.
fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn rule(cluster: &ClusterFile) -> Result<Rule, String> {
    match cluster.mode.as_deref() {
        None | Some("last-writer-wins") => Ok(Rule::LastWriterWins),
        Some("multi-value") => Ok(Rule::MultiValue),
        Some(other) => {
            Err(format!("there is no mode `{other}`; use `last-writer-wins` or `multi-value`"))
        }
    }
}

/// What multi-primary offers: the map without compare-and-swap, which no node can do alone. With
/// multi-value, a get tells siblings and their context.
pub struct SiblingsOffer;

impl Offer for SiblingsOffer {
    type Request = Request;
    type Answer = Answer;
    const COMMANDS: &'static str = "get, put and delete";

    fn request(cluster: &ClusterFile, ask: &Ask) -> Result<Request, AskError> {
        let Ask::One { op, context } = ask else {
            return Err(not_offered::<Self>(cluster, ask));
        };
        let context = match (op, context) {
            (Op::Cas { .. }, _) => return Err(not_offered::<Self>(cluster, ask)),
            (_, None) => None,
            (Op::Put { .. } | Op::Delete { .. }, Some(text))
                if rule(cluster) == Ok(Rule::MultiValue) =>
            {
                Some(contexts::parse(text).ok_or_else(|| AskError::BadContext(text.clone()))?)
            }
            _ => return Err(AskError::NoContexts),
        };
        Ok(Request { op: op.clone(), context })
    }

    fn check(request: &Request) -> Result<(), ClientError> {
        map_client::check(&request.op)?;
        let len = request.context.as_ref().map_or(0, |context| contexts::encode(context).len());
        if len > MAX_CONTEXT_BYTES {
            return Err(ClientError::ContextTooLong { len, limit: MAX_CONTEXT_BYTES });
        }
        Ok(())
    }

    fn answer(cluster: &ClusterFile, ask: &Ask, answer: Answer) -> Option<Verdict> {
        let Ask::One { op, .. } = ask else { return None };
        match (op, answer) {
            (Op::Get { .. }, Answer::Values { mut values, context, more }) => {
                if rule(cluster) == Ok(Rule::MultiValue) {
                    let context = contexts::print(&context);
                    return Some(Verdict::Told(Answered::Siblings { values, context, more }));
                }
                // With last-writer-wins there are no siblings.
                let value = values.pop();
                values.is_empty().then(|| Reply::Value(value).into())
            }
            (Op::Put { .. } | Op::Delete { .. }, Answer::Done) => Some(Reply::Done.into()),
            (Op::Put { .. } | Op::Delete { .. }, Answer::BadContext) => {
                Some(Verdict::Failed(AskError::ForeignContext))
            }
            (Op::Put { .. }, Answer::Crowded) => Some(Verdict::Failed(AskError::Crowded)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::cluster;
    use super::*;
    use quorate_models::multi_primary::Context;

    #[test]
    fn what_is_not_offered_is_refused_with_advice() {
        let plain = cluster("multi-primary", "", &["", ""]);
        let cas = Op::Cas { key: "k".into(), expected: None, new: None };
        let error = SiblingsOffer::request(&plain, &cas.into()).unwrap_err().to_string();
        assert!(
            error.contains("get, put and delete") && error.contains("primary-backup"),
            "{error}"
        );
        let ask = Ask::One { op: Op::put("k", "v"), context: Some("00".into()) };
        assert!(matches!(SiblingsOffer::request(&plain, &ask), Err(AskError::NoContexts)));
        let siblings = cluster("multi-primary", "mode = \"multi-value\"", &[""]);
        assert!(SiblingsOffer::request(&siblings, &ask).is_ok());
        let values = |values| {
            let answer = Answer::Values { values, context: Context::default(), more: false };
            SiblingsOffer::answer(&plain, &Op::get("k").into(), answer)
        };
        assert!(values(vec!["a".into()]).is_some());
        assert!(values(vec!["a".into(), "b".into()]).is_none());
    }

    #[test]
    fn modes_and_roles_are_checked() {
        let server = |mode: &str, roles: &[&str]| {
            MultiPrimary::server(&cluster("multi-primary", mode, roles), Id::from(0))
                .map(drop)
                .map_err(|error| error.to_string())
        };
        server("", &["", "role = \"node\""]).unwrap();
        server("mode = \"multi-value\"", &["", ""]).unwrap();
        assert!(server("", &[""]).unwrap_err().contains("add another [[server]]"));
        assert!(server("mode = \"fast\"", &[""]).unwrap_err().contains("`last-writer-wins`"));
        assert!(server("", &["role = \"primary\""]).unwrap_err().contains("is the node"));
    }
}
