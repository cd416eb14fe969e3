use super::*;

fn cluster(name: &str, servers: usize) -> ClusterFile {
    use std::fmt::Write;
    let mut text = format!("name = \"{name}\"\nprotocol = \"toy\"\n");
    for id in 0..servers {
        write!(text, "[[server]]\nid = {id}\naddress = \"127.0.0.1:{}\"\n", 7000 + id).unwrap();
    }
    ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap()
}

#[test]
fn a_formatted_directory_opens_once_at_a_time_and_knows_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let (path, cluster) = (dir.path().join("a/b"), cluster("demo", 2));
    DataDir::format(&path, &cluster, Id::from(1)).unwrap();
    let open = DataDir::open(&path, &cluster, None).unwrap();
    assert_eq!(open.id(), Id::from(1));
    let again = DataDir::open(&path, &cluster, None);
    assert!(matches!(again, Err(DataDirError::Locked { .. })));
    drop(open);
    DataDir::open(&path, &cluster, Some(Id::from(1))).unwrap();
    let error = DataDir::open(&path, &cluster, Some(Id::from(0)));
    assert!(matches!(error, Err(DataDirError::WrongId { found: 1, wanted: 0, .. })));
}

#[test]
fn a_directory_whose_process_is_just_ending_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let (path, cluster) = (dir.path().join("data"), cluster("demo", 1));
    DataDir::format(&path, &cluster, Id::from(0)).unwrap();
    let open = DataDir::open(&path, &cluster, None).unwrap();
    let ending = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        drop(open);
    });
    DataDir::open(&path, &cluster, None).unwrap();
    ending.join().unwrap();
}

#[test]
fn a_directory_is_older_at_every_start_and_a_copy_is_another_run() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = cluster("demo", 2);
    let life = |path: &Path| DataDir::open(path, &cluster, None).map(|data| data.life());
    let (old, new) = (dir.path().join("old"), dir.path().join("new"));
    DataDir::format(&old, &cluster, Id::from(1)).unwrap();
    DataDir::format_newcomer(&new, &cluster, Id::from(1)).unwrap();
    let [first, second] = [life(&old).unwrap(), life(&old).unwrap()];
    assert!(first.same_directory(second) && (first.age, second.age) == (1, 2));
    let newcomer = life(&new).unwrap();
    assert!(newcomer.newcomer && !first.newcomer && !newcomer.same_directory(first));
    let mut data = DataDir::open(&old, &cluster, None).unwrap();
    data.grow_older().unwrap();
    assert_eq!((data.life().age, data.life().run), (4, data.life().run));
    drop(data);
    assert_eq!(life(&old).unwrap().age, 5);
    let same_runs = (0..4).filter(|_| life(&old).unwrap().run == second.run).count();
    assert!(same_runs < 4);
    std::fs::write(old.join(AGE), "many").unwrap();
    assert!(matches!(life(&old), Err(DataDirError::CorruptIdentity { .. })));
}

#[test]
fn every_directory_that_gets_an_entry_is_synced() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let deep = root.join("a/b/c");
    let expected = [root.join("a/b"), root.join("a"), root.to_owned()];
    assert_eq!(create_dirs(&deep).unwrap(), expected);
    assert_eq!(create_dirs(&deep).unwrap(), [root.join("a/b")]);
    assert_eq!(create_dirs(Path::new(".")).unwrap(), [PathBuf::from(".")]);
}

#[test]
fn a_directory_is_formatted_once() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = cluster("demo", 1);
    DataDir::format(dir.path(), &cluster, Id::from(0)).unwrap();
    let again = DataDir::format(dir.path(), &cluster, Id::from(0));
    assert!(matches!(again, Err(DataDirError::NotEmpty { .. })));
    let other = DataDir::format(&dir.path().join("x"), &cluster, Id::from(1));
    assert!(matches!(other, Err(DataDirError::NoSuchServer { id: 1, count: 1, .. })));
}

#[test]
fn a_missing_unformatted_foreign_or_corrupt_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let cluster_file = cluster("demo", 1);
    let open = |path: &Path| DataDir::open(path, &cluster_file, None).unwrap_err();
    assert!(matches!(open(&dir.path().join("none")), DataDirError::Missing { .. }));
    assert!(matches!(open(dir.path()), DataDirError::NotFormatted { .. }));
    let path = dir.path().join("data");
    DataDir::format(&path, &cluster("prod", 1), Id::from(0)).unwrap();
    assert!(matches!(open(&path), DataDirError::Foreign { .. }));
    std::fs::write(path.join(IDENTITY), "version = 1").unwrap();
    assert!(matches!(open(&path), DataDirError::CorruptIdentity { .. }));
}
