use super::*;
use crate::node::seal::{KeyRing, Seal};
use proptest::prelude::*;
use std::path::Path;

const KEYS: &str = "[keys]
    server = \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"
    client = \"ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"";

fn cluster(name: &str, keys: &str) -> ClusterFile {
    let text = format!(
        "name = \"{name}\"\nprotocol = \"toy\"\n{keys}\n\
         [[server]]\nid = 0\naddress = \"127.0.0.1:7000\"\n"
    );
    ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap()
}

fn both() -> [(Wire, Channel); 2] {
    [("", None), (KEYS, Some(&[7; 32]))]
        .map(|(keys, key)| (Wire::new(&cluster("demo", keys)), Channel::new(key)))
}

const BOTH: [Release; 2] = [Release::Previous, Release::Current];

fn header(src: usize, dst: usize, word: u64) -> Header {
    let (kind, release) = (Kind::Request, Release::Current);
    Header { kind, src: Id::from(src), dst: Id::from(dst), word, release }
}

fn decode_one<M: DeserializeOwned>(message: &[u8]) -> bool {
    matches!(postcard::take_from_bytes::<M>(message), Ok((_, [])))
}

proptest! {
    #[test]
    fn what_is_sealed_opens_as_itself(
        src: usize, dst: usize, word: u64, proof: [u8; 8], message: (u64, Vec<u8>, String),
    ) {
        for ((wire, mut channel), release) in both().into_iter().zip(BOTH) {
            let header = Header { release, ..header(src, dst, word) };
            let mut datagram = channel.seal(wire, &header, &proof, &message).unwrap();
            prop_assert_eq!(wire.peek(&datagram).unwrap(), header);
            let opened = channel.open(proof.len(), &mut datagram).unwrap();
            let opened = decode::<(u64, Vec<u8>, String)>(opened, release);
            prop_assert_eq!(opened.unwrap(), message.clone());
        }
    }

    /// Messages that share a datagram come in its order; and any cut or change loses all of them.
    #[test]
    fn a_batch_opens_as_itself_or_not_at_all(
        messages in prop::collection::vec(any::<(u64, Vec<u8>)>(), 1..20),
        at: prop::sample::Index, bit in 0u8..8, cut: prop::sample::Index,
    ) {
        let encoded: Vec<_> = messages.iter().map(|message| encode(message).unwrap()).collect();
        let parts: Vec<_> = encoded.iter().map(Vec::as_slice).collect();
        let ends = || both().into_iter().zip(BOTH).chain(both().into_iter().rev().zip(BOTH));
        for ((wire, mut channel), release) in ends() {
            let header = Header { release, ..header(0, 1, 3) };
            let datagram = channel.seal_all(wire, &header, &[9; 8], &parts).unwrap();
            let mut whole = datagram.clone();
            let opened = channel.open(8, &mut whole).unwrap();
            let opened = decode_all::<(u64, Vec<u8>)>(opened, release);
            prop_assert_eq!(opened.unwrap(), messages.clone());
            let mut short = datagram.clone();
            short.truncate(cut.index(datagram.len()));
            prop_assert!(channel.open(8, &mut short).is_err());
            let mut changed = datagram;
            let at = at.index(changed.len());
            changed[at] ^= 1 << bit;
            prop_assert!(channel.open(8, &mut changed).is_err());
        }
    }

    /// From a sender that has the key, but another notion of what is in a datagram.
    #[test]
    fn a_batch_with_one_bad_message_is_none(good: Vec<(u64, Vec<u8>)>, bad: Vec<u8>, rest: Vec<u8>) {
        for release in BOTH {
            let mut body = Vec::new();
            let mut put = |bytes: &[u8]| {
                push_length(&mut body, bytes.len() as u16, release);
                body.extend(bytes);
            };
            good.iter().for_each(|message| put(&encode(message).unwrap()));
            put(&bad);
            let all = decode_all::<(u64, Vec<u8>)>(&body, release);
            prop_assert_eq!(all.is_ok(), decode_one::<(u64, Vec<u8>)>(&bad));
            body.extend(&rest);
            if let Ok(all) = decode_all::<(u64, Vec<u8>)>(&body, release) {
                prop_assert!(all.len() >= good.len());
                prop_assert_eq!(&all[..good.len()], &good[..]);
            }
            prop_assert!(decode_all::<(u64, Vec<u8>)>(&[], release).is_err());
        }
    }

    #[test]
    fn a_length_is_read_as_it_was_written(len: u16, rest: Vec<u8>) {
        for release in BOTH {
            let mut bytes = Vec::new();
            push_length(&mut bytes, len, release);
            prop_assert!(bytes.len() <= LENGTH);
            bytes.extend(&rest);
            prop_assert_eq!(take_length(&bytes, release), Some((usize::from(len), &rest[..])));
        }
    }

    #[test]
    fn random_bytes_never_open(bytes: Vec<u8>, proof in 0usize..80) {
        for (wire, mut channel) in both() {
            let _ = wire.peek(&bytes);
            // As hard as can be: all is right but the checksum or the tag.
            let mut framed = channel.seal(wire, &header(0, 1, 2), &[], &()).unwrap();
            framed.truncate(HEADER);
            framed.extend(&bytes);
            prop_assert!(channel.open(proof, &mut framed).is_err());
        }
    }

    #[test]
    fn random_messages_never_panic(message: Vec<u8>) {
        for release in BOTH {
            let _ = decode_all::<Vec<(String, u64, Option<Vec<u8>>)>>(&message, release);
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed(message: Vec<u8>, at: prop::sample::Index, bit in 0u8..8) {
        for (wire, mut channel) in both() {
            let mut datagram = channel.seal(wire, &header(0, 1 << 40, 3), &[9; 8], &message).unwrap();
            let at = at.index(datagram.len());
            datagram[at] ^= 1 << bit;
            prop_assert!(channel.open(8, &mut datagram).is_err());
        }
    }

    #[test]
    fn a_truncated_datagram_is_noticed(message: Vec<u8>, len: prop::sample::Index) {
        for (wire, mut channel) in both() {
            let mut datagram = channel.seal(wire, &header(0, 1, 3), &[], &message).unwrap();
            datagram.truncate(len.index(datagram.len()));
            prop_assert!(channel.open(0, &mut datagram).is_err());
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_when_sent_and_when_received() {
    for (wire, mut channel) in both() {
        let huge = vec![7u8; MAX_DATAGRAM];
        let sealed = channel.seal(wire, &header(0, 1, 0), &[], &huge);
        assert_eq!(sealed.unwrap_err(), FrameError::TooLarge);
        assert_eq!(wire.peek(&vec![1; 65_000]).unwrap_err(), FrameError::TooLarge);
    }
}

#[test]
fn another_cluster_another_version_and_a_kind_that_is_none_are_refused() {
    let demo = Wire::new(&cluster("demo", ""));
    let seal =
        |name, keys| Seal::new(&cluster(name, keys)).seal(Id::from(0), Id::from(1), &1u8).unwrap();
    assert!(demo.peek(&seal("demo", "")).is_ok());
    assert_eq!(demo.peek(&seal("prod", "")).unwrap_err(), FrameError::Foreign);
    let refused = |datagram: &[u8]| demo.peek(datagram).unwrap_err();
    let [spoken, sealed] = [false, true].map(|has_keys| Release::Current.version(has_keys));
    let version = |found| FrameError::Version { found, spoken, has_keys: false };
    let with_keys = seal("demo", KEYS);
    assert_eq!(refused(&with_keys), version(sealed));
    assert!(refused(&with_keys).to_string().contains("has [keys]"));
    let mut newer = seal("demo", "");
    newer[0] = sealed + 1;
    assert_eq!(refused(&newer), version(sealed + 1));
    assert!(refused(&newer).to_string().contains("another release"));
    let previous = Wire::new(&cluster("demo", "").of_previous_release());
    let refused = previous.peek(&seal("demo", "")).unwrap_err();
    assert!(refused.to_string().contains("another release"), "{refused}");
    let mut strange = seal("demo", "");
    strange[1] = 8;
    assert_eq!(demo.peek(&strange).unwrap_err(), FrameError::Malformed);
}

/// Servers in two adjacent steps of a rotation understand each other, and others are refused.
#[test]
fn a_ring_seals_under_its_first_key_and_opens_under_any() {
    let ring = |keys: &[u8]| {
        let keys: Vec<_> = keys.iter().map(|key| [*key; 32]).collect();
        KeyRing::new(&keys)
    };
    let wire = Wire::new(&cluster("demo", KEYS));
    let header = Header { kind: Kind::Message, ..header(0, 1, 0) };
    let mut steps = [ring(&[1]), ring(&[1, 2]), ring(&[2, 1]), ring(&[2]), ring(&[3])];
    // For each sender: the place of the key with which each receiver opens.
    let opened = [
        [Some(0), Some(0), Some(1), None, None],
        [Some(0), Some(0), Some(1), None, None],
        [None, Some(1), Some(0), Some(0), None],
        [None, Some(1), Some(0), Some(0), None],
        [None, None, None, None, Some(0)],
    ];
    // The first datagram of a session, and a later one.
    for count in 0..2_u8 {
        for (from, opened) in opened.iter().enumerate() {
            let sealed = steps[from].first().seal(wire, &header, &[], &count).unwrap();
            for (to, at) in opened.iter().enumerate() {
                let mut datagram = sealed.clone();
                let found = steps[to].open(0, &mut datagram);
                let found = found
                    .map(|(at, message)| (at, decode::<u8>(message, Release::Current).unwrap()));
                assert_eq!(found.ok(), at.map(|at| (at, count)), "{from} to {to}");
            }
        }
    }
    let sealed = steps[1].first().seal(wire, &header, &[], &7u8).unwrap();
    assert!(ring(&[2, 1]).choose(0, &sealed).open(0, &mut sealed.clone()).is_ok());
}

#[test]
fn a_client_cannot_speak_as_a_server_to_a_server() {
    let (mut servers, mut other) =
        (Seal::new(&cluster("demo", KEYS)), Seal::new(&cluster("demo", KEYS)));
    let client_only: String = KEYS.lines().filter(|line| !line.contains("server")).collect();
    let client_only =
        format!("{}\npublic = \"{}\"", client_only.replace(']', "]\n"), "09".repeat(32));
    let mut client = Seal::new(&cluster("demo", &client_only));
    let (from, to) = (Id::from(0), Id::from(1));
    assert!(servers.open(&mut other.seal(from, to, &1u8).unwrap()).is_ok());
    assert_eq!(client.seal(from, to, &1u8).unwrap_err(), FrameError::Forged);
    // Nor under the key that it has, or under one that it agreed upon.
    let header = Header { kind: Kind::Message, ..header(0, 1, 0) };
    let wire = Wire::new(&cluster("demo", KEYS));
    let key = *cluster("demo", KEYS).keys.client.unwrap().bytes();
    for key in [key, [3; 32]] {
        let mut forged = Channel::new(Some(&key)).seal(wire, &header, &[], &1u8).unwrap();
        assert_eq!(servers.open(&mut forged).unwrap_err(), FrameError::Forged);
    }
}
