//! No file imports itself by way of others: a reader of a file can first read what it builds upon.
//!
//! The `use` lines and the paths that begin with `crate`, `super` or `self` are read roughly, and a
//! re-export counts as an import of the file that defines the item. Tests may import as they like.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The one circle that is excused: a cluster has a setup, whose properties have conditions on a
/// view, which is of a cluster.
const EXCUSED: [&str; 4] = [
    "models/world/cluster.rs",
    "models/world/property.rs",
    "models/world/setup.rs",
    "models/world/state.rs",
];

/// The words before the name of an item that is defined.
const KEYWORDS: &[&str] = &["fn", "struct", "enum", "trait", "type", "const", "static", "union"];

/// A macro that is exported is at the crate's root, wherever it is defined.
const EXPORTED_MACRO: [&str; 2] = ["crate", "statements"];

type Module = Vec<String>;

/// The files of a crate, by module.
struct Sources {
    files: BTreeMap<Module, File>,
}

/// A file: its name, the items that it defines, the paths that it names, and those that it gives
/// other names by `pub use`.
struct File {
    name: String,
    items: BTreeSet<String>,
    paths: Vec<Module>,
    exports: Vec<(String, Module)>,
}

impl Sources {
    fn read(folder: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut sources = Self { files: BTreeMap::new() };
        sources.add(&root, &root, folder);
        assert!(!sources.files.is_empty(), "no sources in {folder}");
        sources
    }

    fn add(&mut self, root: &Path, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.add(root, &path, prefix);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(root).unwrap().with_extension("");
                let mut module: Module =
                    inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
                if module.iter().any(|part| part == "tests" || part == "main") {
                    continue;
                }
                module.pop_if(|last| last == "mod" || last == "lib");
                let name = format!("{prefix}/{}", path.strip_prefix(root).unwrap().display());
                self.files.insert(module, File::parse(name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }

    /// The module whose file defines what a path names, seen from `from`.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let (mut at, mut rest) = match first.as_str() {
            "crate" => (vec![], rest),
            "self" => (from.to_vec(), rest),
            "super" => (from[..from.len().checked_sub(1)?].to_vec(), rest),
            _ => {
                let child = [from, std::slice::from_ref(first)].concat();
                let is_known = self.files.contains_key(&child)
                    || self.files[from].exports.iter().any(|(name, _)| name == first);
                if !is_known {
                    return None;
                }
                (from.to_vec(), path)
            }
        };
        while let Some((next, later)) = rest.split_first() {
            let child = [&at[..], std::slice::from_ref(next)].concat();
            match next.as_str() {
                "self" => {}
                "super" => drop(at.pop()?),
                _ if self.files.contains_key(&child) => at = child,
                _ => return Some(self.exported(&at, next, depth).unwrap_or(at)),
            }
            rest = later;
        }
        Some(at)
    }

    /// The module whose file defines what another module exports by this name.
    fn exported(&self, at: &[String], name: &String, depth: usize) -> Option<Module> {
        let File { items, exports, .. } = self.files.get(at)?;
        if items.contains(name) || depth > 8 {
            return None;
        }
        exports.iter().find_map(|(export, path)| match export.as_str() {
            "*" => {
                let from = self.resolve(at, path, depth + 1)?;
                let is_there = self.files[&from].items.contains(name);
                if is_there { Some(from) } else { self.exported(&from, name, depth + 1) }
            }
            _ if export == name => self.resolve(at, path, depth + 1),
            _ => None,
        })
    }

    /// Which files each file imports, by name.
    fn imports(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut imports = BTreeMap::new();
        for (module, file) in &self.files {
            let paths = file.paths.iter().filter(|path| **path != EXPORTED_MACRO);
            let found = paths.filter_map(|path| self.resolve(module, path, 0));
            let names = found.filter(|found| found != module);
            let names: BTreeSet<&str> =
                names.map(|found| self.files[&found].name.as_str()).collect();
            imports.insert(file.name.as_str(), names);
        }
        imports
    }
}

impl File {
    fn parse(name: String, source: &str) -> Self {
        let code: String = (source.lines())
            .take_while(|line| !line.ends_with("mod tests {"))
            .flat_map(|line| [line.split("//").next().unwrap_or_default(), "\n"])
            .collect();
        let items = code.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.find(|word| KEYWORDS.contains(word))?;
            words.find(|word| !KEYWORDS.contains(word)).map(str::to_owned)
        });
        let items = items.collect();
        let mut file = Self { name, items, paths: Vec::new(), exports: Vec::new() };
        let mut rest = String::new();
        let mut statement: Option<String> = None;
        for line in code.lines() {
            let begins = line.trim_start();
            let is_use = begins.starts_with("use ")
                || begins.starts_with("pub") && begins.contains(" use ") && !begins.contains('(')
                || begins.starts_with("pub(") && begins.contains(") use ");
            if statement.is_none() && is_use {
                statement = Some(String::new());
            }
            match &mut statement {
                Some(open) => {
                    open.push_str(begins);
                    if begins.ends_with(';') {
                        file.add(&statement.take().unwrap_or_default());
                    }
                }
                None => rest.extend([line, "\n"]),
            }
        }
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        // The visibility of an item is no import.
        let (first, others) = rest.split_once("(in ").unwrap_or((&rest, ""));
        let others = others.split("(in ").filter_map(|rest| Some(rest.split_once(')')?.1));
        let rest = [first].into_iter().chain(others).collect::<String>();
        for word in rest.split(|c| !is_path(c)) {
            let parts: Module = word.split("::").map(str::to_owned).collect();
            if parts.len() > 1 && ["crate", "super", "self"].contains(&parts[0].as_str()) {
                file.paths.push(parts);
            }
        }
        file
    }

    fn add(&mut self, statement: &str) {
        let is_export = statement.starts_with("pub");
        let Some((_, tree)) = statement.split_once("use ") else { return };
        let mut found = Vec::new();
        expand(&[], tree.trim_end_matches(';'), &mut found);
        for (name, path) in found {
            if is_export {
                self.exports.push((name, path.clone()));
            }
            self.paths.push(path);
        }
    }
}

/// The names that a `use` tree brings, each with its path.
fn expand(prefix: &[String], tree: &str, found: &mut Vec<(String, Module)>) {
    let tree = tree.trim();
    if let Some((before, inside)) = tree.split_once('{') {
        let mut prefix = prefix.to_vec();
        prefix.extend(before.split("::").filter(|part| !part.is_empty()).map(str::to_owned));
        let inside = inside.trim_end().strip_suffix('}').unwrap_or(inside);
        let (mut depth, mut start) = (0, 0);
        for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !inside[start..at].trim().is_empty() {
                        expand(&prefix, &inside[start..at], found);
                    }
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let (path, name) = tree.split_once(" as ").map_or((tree, None), |(p, n)| (p, Some(n)));
    let mut path: Module =
        [prefix, &path.split("::").map(str::to_owned).collect::<Vec<_>>()].concat();
    path.pop_if(|last| last == "self" && !prefix.is_empty());
    let last = path.last().cloned().unwrap_or_default();
    found.push((name.map_or(last.clone(), str::to_owned), path.clone()));
    if last == "*" {
        path.pop();
        found.pop();
        found.push((last, path));
    }
}

/// The files that import themselves by way of others, together with those.
fn circles<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<Vec<&'a str>> {
    let reach = |from: &'a str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            open.extend(imports[file].iter().filter(|next| seen.insert(**next)));
        }
        seen
    };
    let reached: BTreeMap<_, _> = imports.keys().map(|file| (*file, reach(file))).collect();
    let mut circles: Vec<Vec<&str>> = Vec::new();
    for (file, seen) in &reached {
        if seen.contains(file) && !circles.iter().any(|circle| circle.contains(file)) {
            circles.push(seen.iter().copied().filter(|it| reached[it].contains(file)).collect());
        }
    }
    circles
}

#[test]
fn no_file_imports_itself_by_way_of_others() {
    let all = |folder| {
        let sources = Sources::read(folder);
        let found = circles(&sources.imports());
        let owned = |circle: Vec<&str>| circle.into_iter().map(str::to_owned).collect::<Vec<_>>();
        found.into_iter().map(owned).collect::<Vec<_>>()
    };
    let found: Vec<_> = ["models", "src"].into_iter().flat_map(all).collect();
    assert_eq!(found, [EXCUSED], "no other circle, and this one while it is there");
}

#[test]
fn a_use_tree_gives_each_name_its_path() {
    let mut found = Vec::new();
    expand(&[], "super::{a::B as C, d::{self, E}, F}", &mut found);
    let found: Vec<_> = found.iter().map(|(name, path)| (name.as_str(), path.join("::"))).collect();
    let expected =
        [("C", "super::a::B"), ("d", "super::d"), ("E", "super::d::E"), ("F", "super::F")];
    assert_eq!(found, expected.map(|(name, path)| (name, path.to_owned())));
}

#[test]
fn a_circle_by_way_of_a_re_export_is_found_and_visibility_makes_none() {
    let file = |name: &str, source: &str| File::parse(name.to_owned(), source);
    let module = |path: &str| -> Module { path.split("::").map(str::to_owned).collect() };
    let files = BTreeMap::from([
        (module("a"), file("a", "mod b;\nmod c;\npub use b::B;\n")),
        (module("a::b"), file("b", "use super::c::C;\n")),
        (module("a::c"), file("c", "fn f() -> super::B { }\n")),
        (module("d"), file("d", "use crate::{a::B, e::g};\n")),
        (module("e"), file("e", "pub(in crate::d) fn g() {}\n")),
    ]);
    let sources = Sources { files };
    assert_eq!(circles(&sources.imports()), [["b", "c"]]);
}
