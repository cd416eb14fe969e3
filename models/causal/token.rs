//! The text form of contexts.

use super::{Context, Tag, VersionVector};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

/// The most bytes that a context may have, encoded: more than one of a cluster of
/// 64 servers has.
pub(crate) const MAX_CONTEXT_BYTES: usize = 1024;

/// The encoding of a context, as it is sent around: one that covers nothing needs no proof.
pub(crate) fn encode(context: &Context) -> Vec<u8> {
    // A map of numbers always has an encoding.
    let mut bytes = postcard::to_allocvec(&context.known).unwrap_or_default();
    if !context.known.is_empty() {
        bytes.extend(context.tag);
    }
    bytes
}

/// A context as text: its encoding, in hexadecimal.
pub(crate) fn print(context: &Context) -> String {
    HEXLOWER.encode(&encode(context))
}

/// The context that a text stands for; whether a node gave it, the nodes see.
pub(crate) fn parse(text: &str) -> Option<Context> {
    if text.len() > 2 * MAX_CONTEXT_BYTES {
        return None;
    }
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
    let (known, rest) = postcard::take_from_bytes::<VersionVector>(&bytes).ok()?;
    match (known.is_empty(), <Tag>::try_from(rest)) {
        (true, _) if rest.is_empty() => Some(Context::default()),
        (false, Ok(tag)) => Some(Context { known, tag }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::{Authenticator, Dot};
    use stateright::actor::Id;

    #[test]
    fn a_context_is_a_token_and_nothing_else_is() {
        let known = [Dot::new(Id::from(0), 3), Dot::new(Id::from(2), 700)].into_iter().collect();
        let context = Authenticator::new(|_| [7; 16]).context(&"k".into(), known);
        let text = print(&context);
        assert_eq!(parse(&text), Some(context));
        assert_eq!(parse(&print(&Context::default())), Some(Context::default()));
        assert_eq!(print(&Context::default()), "00");
        for wrong in ["", "0", "zz", "ff", "0000", "é", &text[2..], &text[..text.len() - 2]] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse(&format!("{text}00")), None);
    }
}
