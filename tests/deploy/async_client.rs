//! The asynchronous client against real clusters.

#[path = "../../examples/async_client.rs"]
mod example;

use crate::support::processes::Cluster;
use crate::support::{KEYS, SECOND, cluster};
use quorate::models::kv::{Bytes, Map};
use quorate::models::paxos::Paxos;
use quorate::node::deploy::{AsyncClientOf, OpenError, open_async_client};
use quorate::node::{ClientError, Fate};
use std::time::Instant;
use tokio::task::JoinSet;

type Client = AsyncClientOf<Paxos<Map>>;

fn block_on<T>(doing: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(doing)
}

#[test]
fn the_example_finds_all_that_it_put() {
    let cluster = Cluster::start("paxos", 3, KEYS);
    assert_eq!(block_on(example::tour(&cluster.file())).unwrap(), 100);
}

/// Each task swaps a value of its own for the next, so a write that is lost or done twice breaks its
/// chain: a swap whose fate is unknown is settled by a read.
async fn chain(client: Client, task: u32, length: u32) {
    let key = Bytes::from(format!("chain {task}").into_bytes());
    let value = |at: u32| (at > 0).then(|| Bytes::from(at.to_string().into_bytes()));
    for at in 0..length {
        loop {
            let swap = client.cas(key.clone(), value(at), value(at + 1), SECOND * 30).await;
            match swap {
                Ok(swap) => assert!(swap.swapped, "{task}: {at} was {:?}", swap.found),
                Err(error) => {
                    assert_eq!(error.fate(), Fate::Unknown, "{error}");
                    let found = client.get(key.clone(), SECOND * 30).await.unwrap();
                    if found == value(at) {
                        continue;
                    }
                    assert_eq!(found, value(at + 1));
                }
            }
            break;
        }
    }
}

#[test]
fn many_requests_of_one_handle_are_each_done_once_while_the_leader_dies() {
    let mut cluster = Cluster::start("paxos", 3, KEYS);
    let file = cluster.file();
    block_on(async {
        // Fewer sessions than tasks: they wait for each other.
        let client = open_async_client::<Paxos<Map>>(&file, None, 8).unwrap();
        let mut tasks = JoinSet::new();
        for task in 0..24 {
            tasks.spawn(chain(client.clone(), task, 40));
        }
        for victim in 0..3 {
            tokio::time::sleep(SECOND / 4).await;
            cluster.kill(victim);
            tokio::time::sleep(SECOND / 4).await;
            cluster.restart(victim);
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
        let page = client.prefix("chain ".into(), 100, SECOND * 20).await.unwrap();
        assert_eq!(page.pairs.len(), 24);
        assert!(page.pairs.iter().all(|(_, value)| *value == "40".into()), "{page:?}");
    });
}

#[test]
fn an_error_tells_whether_anything_was_done() {
    let mut cluster = Cluster::start("paxos", 3, KEYS);
    let file = cluster.file();
    block_on(async {
        let client = open_async_client::<Paxos<Map>>(&file, None, 1).unwrap();
        client.put("k".into(), "v".into(), SECOND * 20).await.unwrap();
        let long = client.put(vec![b'k'; 2000].into(), "v".into(), SECOND).await.unwrap_err();
        assert!(matches!(long, ClientError::Limit(_)) && long.fate() == Fate::NotDone, "{long}");
        (0..3).for_each(|id| cluster.kill(id));
        let begin = Instant::now();
        let error = client.put("k".into(), "w".into(), SECOND / 2).await.unwrap_err();
        assert!(matches!(error, ClientError::NoAnswer { .. }), "{error}");
        assert!(error.fate() == Fate::Unknown && begin.elapsed() < SECOND * 5, "{error}");
    });
}

/// These servers do not run.
#[test]
fn a_request_that_nobody_waits_for_frees_its_session() {
    let file = cluster("127.0.0.1", 3, KEYS);
    block_on(async {
        let client = open_async_client::<Paxos<Map>>(&file, None, 1).unwrap();
        let get = |deadline| client.get("k".into(), deadline);
        let first = get(SECOND / 5).await.unwrap_err();
        assert!(matches!(first, ClientError::NoSession { .. }), "{first}");
        assert_eq!(first.fate(), Fate::NotDone, "no server gave it an id");
        let other = client.clone();
        let under_way = tokio::spawn(async move { other.get("k".into(), SECOND * 60).await });
        tokio::time::sleep(SECOND / 10).await;
        let second = get(SECOND / 5).await.unwrap_err();
        assert!(matches!(second, ClientError::AllInUse { requests: 1, .. }), "{second}");
        under_way.abort();
        let third = get(SECOND / 5).await.unwrap_err();
        assert!(matches!(third, ClientError::NoSession { .. }), "{third}");
    });
    assert!(matches!(
        open_async_client::<Paxos<Map>>(&file, None, 1).err().unwrap(),
        OpenError::Client(ClientError::NoRuntime)
    ));
}
