use super::*;

pub(super) fn parse(text: &str) -> Result<ClusterFile, ClusterFileError> {
    ClusterFile::parse(text, Path::new("cluster.toml"))
}

fn cluster(servers: &[(usize, &str)]) -> Result<ClusterFile, ClusterFileError> {
    use std::fmt::Write;
    let mut text = "name = \"demo\"\nprotocol = \"toy\"\n".to_owned();
    for (id, address) in servers {
        write!(text, "[[server]]\nid = {id}\naddress = \"{address}\"\n").unwrap();
    }
    parse(&text)
}

fn flaw(servers: &[(usize, &str)]) -> Flaw {
    match cluster(servers) {
        Err(ClusterFileError::Flawed { flaw, .. }) => flaw,
        other => panic!("{other:?}"),
    }
}

#[test]
fn servers_are_in_the_order_of_their_ids() {
    let cluster = cluster(&[(1, "127.0.0.1:7001"), (0, "127.0.0.1:7000")]).unwrap();
    assert_eq!(cluster.servers[0].address.port(), 7000);
    assert_eq!(cluster.ids(), Id::vec_from(0..2));
}

#[test]
fn nonsense_is_refused_by_name() {
    let (a, b) = ("127.0.0.1:7000", "127.0.0.1:7001");
    assert_eq!(flaw(&[]), Flaw::NoServers);
    assert_eq!(flaw(&[(0, a), (0, b)]), Flaw::DuplicateId { id: 0, count: 2 });
    assert_eq!(flaw(&[(0, a), (2, b)]), Flaw::IdOutOfRange { id: 2, count: 2 });
    assert!(matches!(flaw(&[(0, a), (1, a)]), Flaw::DuplicateAddress { .. }));
    assert!(matches!(flaw(&[(0, "0.0.0.0:1")]), Flaw::UnusableAddress { .. }));
    assert!(matches!(flaw(&[(0, "127.0.0.1:0")]), Flaw::UnusableAddress { .. }));
    assert_eq!(flaw(&[(0, a), (1, "[::1]:7001")]), Flaw::MixedFamilies { id: 1 });
}

/// While keys are replaced there are two of a kind, and each is one kind's alone.
#[test]
fn keys_that_are_accepted_also_are_read_and_judged() {
    let of = |keys: &[(&str, u8)]| {
        use std::fmt::Write;
        let mut text = "name = \"demo\"\nprotocol = \"toy\"\n[keys]\n".to_owned();
        for (name, byte) in keys {
            writeln!(text, "{name} = \"{}\"", format!("{byte:02x}").repeat(32)).unwrap();
        }
        parse(&(text + "[[server]]\nid = 0\naddress = \"127.0.0.1:7000\"\n"))
    };
    let flaw = |keys: &[(&str, u8)]| match of(keys) {
        Err(ClusterFileError::Flawed { flaw, .. }) => flaw,
        other => panic!("{other:?}"),
    };
    let all = [("server", 1), ("client", 2), ("server-also", 3), ("client-also", 4)];
    let keys = of(&all).unwrap().keys;
    assert_eq!((keys.servers().count(), keys.clients().count()), (2, 2));
    assert!(keys.are_inline());
    assert_eq!(of(&all).unwrap().fingerprint(), of(&all[..2]).unwrap().fingerprint());
    assert_eq!(flaw(&[("client", 2), ("server-also", 3)]), Flaw::OnlyAlso { name: "server" });
    assert_eq!(flaw(&[("client-also", 4)]), Flaw::OnlyAlso { name: "client" });
    let same = [("server", 1), ("client", 2), ("client-also", 1)];
    assert_eq!(flaw(&same), Flaw::SameKeys);
}

#[test]
fn a_clients_copy_has_the_public_key_and_not_the_servers() {
    let keys =
        format!("[keys]\nserver = \"{}\"\nclient = \"{}\"\n", "0a".repeat(32), "0b".repeat(32));
    let of = |keys: &str| {
        format!(
            "name = \"demo\"\nprotocol = \"toy\"\nmode = \"m\"\n{keys}[[server]]\nid = 0\n\
             address = \"127.0.0.1:7000\"\n[[server]]\nid = 1\naddress = \"127.0.0.1:7001\"\n"
        )
    };
    let path = Path::new("cluster.toml");
    let copy = ClusterFile::clients_copy(&of(&keys), path).unwrap();
    assert!(!copy.contains(&"0a".repeat(32)), "{copy}");
    let (servers, clients) = (parse(&of(&keys)).unwrap(), parse(&copy).unwrap());
    assert_eq!(servers.fingerprint(), clients.fingerprint());
    assert_eq!(servers.servers, clients.servers);
    assert_eq!(clients.keys.server, None);
    assert_eq!(clients.keys.client, servers.keys.client);
    assert_eq!(servers_public(&clients.keys), servers_public(&servers.keys));
    assert_eq!(ClusterFile::clients_copy(&of(""), path).unwrap(), of(""));
    let again = ClusterFile::clients_copy(&copy, path).unwrap_err().to_string();
    assert!(again.contains("client's copy already"), "{again}");
    // A public key that is not the servers', or alone.
    let wrong = format!("{keys}public = \"{}\"\n", "0c".repeat(32));
    assert!(parse(&of(&wrong)).unwrap_err().to_string().contains("quorate client-file"));
    let alone = format!("[keys]\npublic = \"{}\"\n", "0c".repeat(32));
    assert!(parse(&of(&alone)).is_err());
}

#[test]
fn malformed_toml_shows_the_file_and_the_line() {
    let error = parse("name = \"demo\"\nprotocol = 3\n").unwrap_err().to_string();
    assert!(error.contains("cluster.toml") && error.contains("line 2"), "{error}");
    let error = parse("name = \"demo\"\nprotocol = \"x\"\nmoed = \"y\"").unwrap_err();
    assert!(error.to_string().contains("moed"), "{error}");
}

#[test]
fn datagrams_have_a_length_that_a_network_takes() {
    let file = |line: &str| {
        parse(&format!(
            "name = \"demo\"\nprotocol = \"toy\"\n{line}\n[[server]]\nid = 0\n\
             address = \"127.0.0.1:7000\"\n"
        ))
    };
    assert_eq!(file("").unwrap().datagram_bytes, 32_768);
    let short = file("datagram_bytes = 1200").unwrap();
    assert_eq!(short.datagram_bytes, 1200);
    assert_eq!(short.fingerprint(), file("").unwrap().fingerprint());
    for wrong in [0, 1199, 60_001] {
        let error = file(&format!("datagram_bytes = {wrong}")).unwrap_err().to_string();
        assert!(error.contains("1200 to 60000"), "{error}");
    }
}

#[test]
fn the_fingerprint_covers_what_must_agree_and_not_where_servers_are() {
    let here = cluster(&[(0, "127.0.0.1:7000")]).unwrap();
    let moved = cluster(&[(0, "[::1]:7000")]).unwrap();
    assert_eq!(here.fingerprint(), moved.fingerprint());
    for change in [
        |c: &mut ClusterFile| c.name.push('x'),
        |c: &mut ClusterFile| c.mode = Some(String::new()),
        |c: &mut ClusterFile| c.servers[0].role = Some("view-service".into()),
        |c: &mut ClusterFile| c.servers.push(c.servers[0].clone()),
    ] {
        let mut other = here.clone();
        change(&mut other);
        assert_ne!(here.fingerprint(), other.fingerprint());
    }
}
