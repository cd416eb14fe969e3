//! Paths, and the keys under which nodes are kept.
//!
//! A path is `/`, or names each of which follows a `/`. The key of a node is the path of its parent
//! (empty for the root), a zero byte, and its name: so the children of a node are neighbours, in
//! the order of their names, whatever is below them. No path has a zero byte (as in ZooKeeper).

use crate::kv::Bytes;
use crate::kv::map::MAX_KEY_BYTES;

/// The path of the root.
pub(super) const ROOT: &[u8] = b"/";

/// Whether it is the path of a node that may be.
pub(super) fn is_path(path: &[u8]) -> bool {
    if path == ROOT {
        return true;
    }
    let Some(names) = path.strip_prefix(ROOT) else { return false };
    let is_name = |name: &[u8]| !matches!(name, b"" | b"." | b"..");
    path.len() <= MAX_KEY_BYTES && !path.contains(&0) && names.split(|it| *it == b'/').all(is_name)
}

/// The path of a node's parent, and its name. The name is empty, if it is to be a number alone.
pub(super) fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = path.iter().rposition(|it| *it == b'/')?;
    let parent = if at == 0 { ROOT } else { &path[..at] };
    Some((parent, &path[at + 1..]))
}

/// The key of a node; `None` of the root.
pub(super) fn key(path: &[u8]) -> Option<Bytes> {
    let (parent, name) = split(path).filter(|_| path != ROOT)?;
    Some([&children(parent), name].concat().into())
}

/// What the keys of a node's children begin with.
pub(super) fn children(path: &[u8]) -> Vec<u8> {
    let parent = if path == ROOT { b"" } else { path };
    [parent, &[0]].concat()
}

/// The path of the node with this key.
pub(super) fn path(key: &Bytes) -> Bytes {
    let bytes: Vec<u8> = key.as_ref().iter().map(|it| if *it == 0 { b'/' } else { *it }).collect();
    bytes.into()
}

/// The path with a number of ten digits at its end.
pub(super) fn numbered(path: &[u8], number: u32) -> Bytes {
    [path, format!("{number:010}").as_bytes()].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_names_that_each_follow_a_slash() {
        for good in ["/", "/a", "/a/b", "/...", "/a b"] {
            assert!(is_path(good.as_bytes()), "{good}");
        }
        for bad in ["", "a", "//", "/a/", "/a//b", "/.", "/a/..", "/a\0"] {
            assert!(!is_path(bad.as_bytes()), "{bad:?}");
        }
        assert!(!is_path(&[b"/".as_slice(), &[b'a'; MAX_KEY_BYTES]].concat()));
    }

    #[test]
    fn the_children_of_a_node_are_neighbours() {
        let keys = ["/a", "/a-b", "/a/x", "/a/y", "/b", "/a/x/z", "/a-b/x"];
        let mut keys: Vec<Bytes> = keys.iter().filter_map(|it| key(it.as_bytes())).collect();
        keys.sort();
        let of = |parent: &str| -> Vec<String> {
            let (start, is_child) = (children(parent.as_bytes()), |at: &&Bytes| {
                at.as_ref().starts_with(&children(parent.as_bytes()))
            });
            let from = keys.iter().skip_while(|it| it.as_ref() < start.as_slice());
            from.take_while(is_child).map(|it| path(it).to_string()).collect()
        };
        assert_eq!(of("/"), ["/a", "/a-b", "/b"]);
        assert_eq!(of("/a"), ["/a/x", "/a/y"]);
        assert_eq!(of("/a/x"), ["/a/x/z"]);
        assert_eq!(key(ROOT), None);
        assert_eq!(numbered(b"/a/n-", 7).to_string(), "/a/n-0000000007");
    }
}
