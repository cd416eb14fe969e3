//! The output of the client commands.

use super::{DONE, NO};
use crate::models::kv::offer::{Answered, LogAnswer, LogRecord};
use crate::models::kv::tree::{NodeStat, TreeAnswer};
use crate::models::kv::{Bytes, Op, Page, Reply};
use serde_json::{Value, json};

/// What is printed, and the exit code that it means.
pub(super) fn show(answered: &Answered, ops: &[Op], as_json: bool) -> (Vec<u8>, u8) {
    match answered {
        Answered::Reply(reply) => reply_to_one(reply, as_json),
        Answered::Siblings { values, context, more } => siblings(values, context, *more, as_json),
        Answered::Committed(replies) => (committed(ops, replies, as_json), DONE),
        Answered::ConditionFailed { op, found } => {
            (condition(ops, *op as usize, found.as_ref(), as_json), NO)
        }
        Answered::Log(answer) => (log(answer, as_json), DONE),
        Answered::Tree(answer) => (tree(answer, as_json), DONE),
        // `quorate ring` shows what servers know of it.
        Answered::Ring(_) => (Vec::new(), DONE),
        Answered::Text(reply) if as_json => (line(json!({ "reply": reply })), DONE),
        Answered::Text(reply) => (line(reply), DONE),
    }
}

/// A remark beside the answer, for people, if there is any.
pub(super) fn note(answered: &Answered) -> Option<&'static str> {
    match answered {
        Answered::Reply(Reply::Value(None)) => Some("the key is absent"),
        Answered::Siblings { values, .. } if values.is_empty() => Some("the key is absent"),
        Answered::Reply(Reply::Page(page)) if page.more() => {
            Some("there are more keys; `--json` shows the `next` one, from which to go on")
        }
        Answered::Tree(TreeAnswer::Children { more: true, .. }) => {
            Some("there are more children; with `--after` the last of these the list goes on")
        }
        Answered::Siblings { more: true, .. } => {
            Some("there are more siblings than fit one answer; replace these and get again")
        }
        Answered::Siblings { values, .. } if values.len() > 1 => {
            Some("concurrent writes left siblings; a put replaces them")
        }
        _ => None,
    }
}

/// The reply to one operation in JSON, with what its client knows now.
pub(super) fn show_seen(reply: &Reply, seen: &str) -> (Vec<u8>, u8) {
    let mut told = reply_in_json(reply);
    told["seen"] = seen.into();
    (line(told), code_of(reply))
}

fn code_of(reply: &Reply) -> u8 {
    match reply {
        Reply::Value(None) | Reply::Swapped { swapped: false, .. } => NO,
        _ => DONE,
    }
}

fn reply_in_json(reply: &Reply) -> Value {
    match reply {
        Reply::Page(page) => page_in_json(page),
        Reply::Value(value) => json!({ "value": text(value.as_ref()) }),
        Reply::Done => json!({ "done": true }),
        Reply::Swapped { swapped, found } => {
            json!({ "swapped": swapped, "found": text(found.as_ref()) })
        }
    }
}

fn reply_to_one(reply: &Reply, as_json: bool) -> (Vec<u8>, u8) {
    let printed = match reply {
        _ if as_json => line(reply_in_json(reply)),
        Reply::Page(page) => pairs(page),
        // As it is: it need not be text.
        Reply::Value(Some(value)) => [value.as_ref(), b"\n"].concat(),
        Reply::Value(None) => Vec::new(),
        Reply::Done => line("done"),
        Reply::Swapped { swapped: true, .. } => line("swapped"),
        Reply::Swapped { found: None, .. } => line("not swapped: the key is absent"),
        Reply::Swapped { found: Some(found), .. } => {
            [b"not swapped: the value is ", found.as_ref(), b"\n"].concat()
        }
    };
    (printed, code_of(reply))
}

/// A line for each pair. A key may hold a tab, a value a line feed: with `--json` they are apart.
fn pairs(page: &Page) -> Vec<u8> {
    let line =
        |(key, value): &(Bytes, Bytes)| [key.as_ref(), b"\t", value.as_ref(), b"\n"].concat();
    page.pairs.iter().flat_map(line).collect()
}

fn page_in_json(page: &Page) -> Value {
    let pair = |(key, value): &(Bytes, Bytes)| json!({ "key": text(Some(key)), "value": text(Some(value)) });
    let pairs: Vec<Value> = page.pairs.iter().map(pair).collect();
    json!({ "pairs": pairs, "more": page.more(), "next": text(page.next.as_ref()) })
}

fn siblings(values: &[Bytes], context: &str, more: bool, as_json: bool) -> (Vec<u8>, u8) {
    let code = if values.is_empty() { NO } else { DONE };
    if as_json {
        let values: Vec<Value> = values.iter().map(|value| text(Some(value))).collect();
        return (line(json!({ "values": values, "context": context, "more": more })), code);
    }
    let lines = values.iter().flat_map(|value| [value.as_ref(), b"\n".as_slice()]);
    (lines.collect::<Vec<_>>().concat(), code)
}

/// Of a log of records: a line, or for records a line for each.
fn log(answer: &LogAnswer, as_json: bool) -> Vec<u8> {
    match answer {
        LogAnswer::Produced { offset } if as_json => line(json!({ "offset": offset })),
        LogAnswer::Produced { offset } => line(offset),
        LogAnswer::Records { records, .. } => {
            records.iter().flat_map(|it| record(it, as_json)).collect()
        }
        LogAnswer::Offsets { start, committed, end } if as_json => {
            line(json!({ "start": start, "committed": committed, "end": end }))
        }
        LogAnswer::Offsets { start, committed, end } => {
            line(format!("start {start}, committed {committed}, end {end}"))
        }
    }
}

/// Of a tree of nodes.
fn tree(answer: &TreeAnswer, as_json: bool) -> Vec<u8> {
    match answer {
        TreeAnswer::Created { path, zxid } if as_json => {
            line(json!({ "path": text(Some(path)), "zxid": zxid }))
        }
        TreeAnswer::Created { path, .. } => [path.as_ref(), b"\n"].concat(),
        TreeAnswer::Node(stat) => node(stat, as_json),
        TreeAnswer::Children { names, more } if as_json => {
            let names: Vec<Value> = names.iter().map(|name| text(Some(name))).collect();
            line(json!({ "children": names, "more": more }))
        }
        TreeAnswer::Children { names, .. } => {
            names.iter().flat_map(|name| [name.as_ref(), b"\n"].concat()).collect()
        }
        TreeAnswer::Opened { session } if as_json => line(json!({ "session": session })),
        TreeAnswer::Opened { session } => line(format!("session {session}")),
        TreeAnswer::Absent if as_json => line(json!({ "absent": true })),
        TreeAnswer::Absent => line("absent"),
        TreeAnswer::Done if as_json => line(json!({ "done": true })),
        TreeAnswer::Done => line("done"),
    }
}

fn node(stat: &NodeStat, as_json: bool) -> Vec<u8> {
    let NodeStat { czxid, mzxid, version, children, owner } = stat;
    if as_json {
        return line(json!({
            "version": version, "children": children, "czxid": czxid, "mzxid": mzxid, "session": owner
        }));
    }
    let kind = owner.map_or("persistent".into(), |owner| format!("ephemeral, of session {owner}"));
    line(format!(
        "version {version}, {children} children, created by transaction {czxid}, set by {mzxid}, {kind}"
    ))
}

/// A message as it is; an operation on the map with its name before it.
fn record(record: &LogRecord, as_json: bool) -> Vec<u8> {
    let LogRecord { offset, kind, key, value } = record;
    if as_json {
        let (key, value) = (text(key.as_ref()), text(value.as_ref()));
        return line(json!({ "offset": offset, "kind": kind, "key": key, "value": value }));
    }
    let mut told = format!("{offset}\t").into_bytes();
    if let Some(key) = key {
        told.extend([kind.as_bytes(), b" ", key.as_ref()].concat());
        told.extend_from_slice(if value.is_some() { b" " } else { b"" });
    }
    told.extend_from_slice(value.as_ref().map_or(&[], AsRef::as_ref));
    told.push(b'\n');
    told
}

/// An operation of a transaction, as the command line names it.
fn named(op: &Op) -> &'static str {
    match op {
        Op::Get { .. } => "get",
        Op::Put { .. } => "put",
        Op::Delete { .. } => "delete",
        Op::Cas { expected: Some(_), .. } => "expect",
        Op::Cas { expected: None, .. } => "expect-absent",
        Op::Range(_) => "range",
    }
}

fn committed(ops: &[Op], replies: &[Reply], as_json: bool) -> Vec<u8> {
    let results = ops.iter().zip(replies);
    if as_json {
        let results: Vec<Value> = results
            .map(|(op, reply)| {
                let (name, key) = (named(op), text(Some(op.key())));
                match reply {
                    Reply::Value(value) => {
                        json!({ "op": name, "key": key, "value": text(value.as_ref()) })
                    }
                    Reply::Done => json!({ "op": name, "key": key, "done": true }),
                    Reply::Page(page) => page_in_json(page),
                    Reply::Swapped { .. } => json!({ "op": name, "key": key, "holds": true }),
                }
            })
            .collect();
        return line(json!({ "committed": true, "results": results }));
    }
    let lines = results.flat_map(|(op, reply)| {
        let result: &[u8] = match reply {
            Reply::Value(Some(value)) => return told(op, &[b"is ", value.as_ref()].concat()),
            Reply::Value(None) => b"is absent",
            Reply::Done => b"done",
            Reply::Page(page) => return pairs(page),
            Reply::Swapped { .. } => b"holds",
        };
        told(op, result)
    });
    lines.collect()
}

fn told(op: &Op, result: &[u8]) -> Vec<u8> {
    [named(op).as_bytes(), b" ", op.key().as_ref(), b": ", result, b"\n"].concat()
}

fn condition(ops: &[Op], at: usize, found: Option<&Bytes>, as_json: bool) -> Vec<u8> {
    // Which operation it was, the client has checked.
    let Some(op) = ops.get(at) else { return Vec::new() };
    if as_json {
        let failed = json!({ "op": named(op), "key": text(Some(op.key())), "found": text(found) });
        return line(json!({ "committed": false, "failed": failed }));
    }
    let found = found.map_or(b"the key is absent".to_vec(), |found| {
        [b"the value is ".as_slice(), found.as_ref()].concat()
    });
    [b"aborted, nothing was done: ".to_vec(), told(op, &found)].concat()
}

fn line(text: impl std::fmt::Display) -> Vec<u8> {
    format!("{text}\n").into_bytes()
}

/// A value in JSON: a string if it is text, else the list of its bytes.
fn text(value: Option<&Bytes>) -> Value {
    match value.map(|value| std::str::from_utf8(value.as_ref()).map_err(|_| value.as_ref())) {
        None => Value::Null,
        Some(Ok(text)) => text.into(),
        Some(Err(bytes)) => bytes.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(answered: &Answered, ops: &[Op], as_json: bool) -> (String, u8) {
        let (printed, code) = show(answered, ops, as_json);
        (String::from_utf8(printed).unwrap(), code)
    }

    fn told(text: &str, code: u8) -> (String, u8) {
        (text.to_owned(), code)
    }

    #[test]
    fn an_answer_of_no_is_exit_code_1() {
        let one = |reply, as_json| printed(&Answered::Reply(reply), &[], as_json);
        let found = Some(Bytes::from("v"));
        assert_eq!(one(Reply::Value(found.clone()), false), told("v\n", DONE));
        assert_eq!(one(Reply::Value(None), false), told("", NO));
        assert_eq!(one(Reply::Done, false), told("done\n", DONE));
        let swapped = Reply::Swapped { swapped: false, found };
        assert_eq!(one(swapped, true), told("{\"found\":\"v\",\"swapped\":false}\n", NO));
        let pairs = vec![("a".into(), "1".into()), ("b".into(), vec![255].into())];
        let page = Reply::Page(Page { pairs, next: Some("c".into()) });
        let json = "{\"more\":true,\"next\":\"c\",\"pairs\":[{\"key\":\"a\",\"value\":\"1\"},\
                    {\"key\":\"b\",\"value\":[255]}]}\n";
        assert_eq!(one(page, true), told(json, DONE));
        let page = Page { pairs: vec![("a".into(), "1".into())], next: None };
        assert_eq!(one(Reply::Page(page), false), told("a\t1\n", DONE));
        assert_eq!(one(Reply::Page(Page::default()), false), told("", DONE));
        let binary = Reply::Value(Some(vec![255].into()));
        assert_eq!(one(binary, true), told("{\"value\":[255]}\n", DONE));
    }

    #[test]
    fn json_says_what_a_client_knows_now() {
        let (printed, code) = show_seen(&Reply::Value(None), "1.0#2");
        assert_eq!(String::from_utf8(printed).unwrap(), "{\"seen\":\"1.0#2\",\"value\":null}\n");
        assert_eq!(code, NO);
    }

    #[test]
    fn siblings_are_lines() {
        let values = vec!["a".into(), "b".into()];
        let both = Answered::Siblings { values, context: "01".into(), more: false };
        assert_eq!(printed(&both, &[], false), told("a\nb\n", DONE));
        let json = "{\"context\":\"01\",\"more\":false,\"values\":[\"a\",\"b\"]}\n";
        assert_eq!(printed(&both, &[], true), told(json, DONE));
        let none = Answered::Siblings { values: vec![], context: "00".into(), more: false };
        assert_eq!(printed(&none, &[], false), told("", NO));
    }

    #[test]
    fn a_record_is_a_line_with_its_offset() {
        let record = |offset, kind, key: Option<&str>, value: Option<&str>| LogRecord {
            offset,
            kind,
            key: key.map(Bytes::from),
            value: value.map(Bytes::from),
        };
        let records = vec![
            record(3, "message", None, Some("hello")),
            record(4, "put", Some("k"), Some("v")),
            record(5, "delete", Some("k"), None),
        ];
        let read = Answered::Log(LogAnswer::Records { from: 3, records });
        let lines = "3\thello\n4\tput k v\n5\tdelete k\n";
        assert_eq!(printed(&read, &[], false), told(lines, DONE));
        let (json, _) = printed(&read, &[], true);
        let first = "{\"key\":null,\"kind\":\"message\",\"offset\":3,\"value\":\"hello\"}";
        assert_eq!(json.lines().next(), Some(first));
        let offsets = Answered::Log(LogAnswer::Offsets { start: 1, committed: 2, end: 3 });
        assert_eq!(printed(&offsets, &[], false), told("start 1, committed 2, end 3\n", DONE));
        let produced = Answered::Log(LogAnswer::Produced { offset: 7 });
        assert_eq!(printed(&produced, &[], true), told("{\"offset\":7}\n", DONE));
    }

    #[test]
    fn each_result_of_a_transaction_is_a_line() {
        let value = Some(Bytes::from("5"));
        let cas = Op::Cas { key: "e".into(), expected: value.clone(), new: value.clone() };
        let ops = [Op::put("a", "1"), Op::get("c"), Op::get("d"), cas];
        let swapped = Reply::Swapped { swapped: true, found: value.clone() };
        let all = vec![Reply::Done, Reply::Value(value), Reply::Value(None), swapped];
        let committed = Answered::Committed(all);
        let lines = "put a: done\nget c: is 5\nget d: is absent\nexpect e: holds\n";
        assert_eq!(printed(&committed, &ops, false), told(lines, DONE));
        let failed = Answered::ConditionFailed { op: 3, found: None };
        let line = "aborted, nothing was done: expect e: the key is absent\n";
        assert_eq!(printed(&failed, &ops, false), told(line, NO));
        let json =
            "{\"committed\":false,\"failed\":{\"found\":null,\"key\":\"e\",\"op\":\"expect\"}}\n";
        assert_eq!(printed(&failed, &ops, true), told(json, NO));
    }
}
