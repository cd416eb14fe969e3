//! Ends that speak different releases of the wire.

use super::*;

/// Server 1 and a client are of the previous release, or of this one; server 0 is of this one.
#[test]
fn ends_of_two_releases_understand_each_other_and_soon_speak_in_one() {
    for (keys, is_older) in [("", true), (KEYS, true), (KEYS, false)] {
        let as_it_is = |file: ClusterFile| if is_older { file.of_previous_release() } else { file };
        let mut world = world_of(keys, |id, file| if id == 1 { as_it_is(file) } else { file });
        let text = [encode(&"text".to_owned()).unwrap()];
        let parts: Vec<_> = text.iter().map(Vec::as_slice).collect();
        for (from, to) in [(0, 1), (1, 0), (0, 1), (1, 0)] {
            let (datagram, other) = world.servers[from].seal(Route::To(to.into()), &parts).unwrap();
            world.servers[from].transmit(&datagram).unwrap();
            other.iter().for_each(|other| world.servers[from].transmit(other).unwrap());
            let sent = 1 + usize::from(other.is_some());
            let heard = (0..sent).map(|_| world.servers[to].receive::<Msg>(WAIT));
            let heard = heard.filter(|heard| matches!(heard, Incoming::Messages(..))).count();
            // An older server refuses what comes in the newer release.
            assert_eq!(heard, if is_older && to == 1 { 1 } else { sent }, "from {from}");
        }
        let (datagram, other) = world.servers[0].seal(Route::To(1.into()), &parts).unwrap();
        let release = if is_older { Release::Previous } else { Release::Current };
        assert_eq!(datagram.bytes[0], release.version(!keys.is_empty()));
        assert!(is_older || other.is_none(), "they know each other");
        let file = as_it_is(world.cluster.clone());
        let mut client = Client::bind(&file, "127.0.0.1:0".parse().unwrap()).unwrap().unwrap();
        let hello = client.hello(Id::from(0)).unwrap();
        client.transmit(&hello);
        assert!(matches!(world.serve(0), Incoming::Hello(_)));
        assert!(matches!(client.receive::<Msg>(WAIT), Heard::Welcome(_)));
        for server in [0, 1, 1] {
            let (request, other) = client.seal(Id::from(server), &"ask".to_owned()).unwrap();
            for request in [Some(request), other].iter().flatten() {
                client.transmit(request);
                assert!(is_message(&world.serve(server), &client, "ask"));
            }
            let told = answer(&mut world.servers[server], client.id().unwrap(), "told").unwrap();
            world.servers[server].transmit(&told).unwrap();
            assert!(matches!(client.receive::<Msg>(WAIT), Heard::Messages(..)));
        }
    }
}
