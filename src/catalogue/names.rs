//! Unknown names, and the known names that were probably meant.

use std::fmt;

/// How long a list of names may be to be shown with an error.
const LONG: usize = 700;
/// How many names are suggested at most.
const SUGGESTIONS: usize = 3;

/// A name that is not in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct UnknownName {
    /// The protocol in which it was looked for; `None` for all of them.
    pub protocol: Option<&'static str>,
    /// What was looked for.
    pub kind: Kind,
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: Vec<&'static str>,
}

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A protocol.
    Protocol,
    /// An instance.
    Instance,
    /// A mutant.
    Mutant,
    /// A property.
    Property,
    /// An abstract model.
    AbstractModel,
    /// A bound of an abstract model.
    Bound,
    /// A bound of an instance that is chosen.
    Size,
}

impl Kind {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Protocol => ("protocol", "protocols"),
            Self::Instance => ("instance", "instances"),
            Self::Mutant => ("mutant", "mutants"),
            Self::Property => ("property", "properties"),
            Self::AbstractModel => ("abstract model", "abstract models"),
            Self::Bound | Self::Size => ("bound", "bounds"),
        }
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, many) = self.kind.words();
        match self.protocol {
            None => write!(f, "there is no {one} named {:?}", self.name)?,
            Some(protocol) => write!(f, "{protocol} has no {one} named {:?}", self.name)?,
        }
        if self.known.is_empty() {
            return f.write_str("; it has none");
        }
        let nearest: Vec<_> =
            nearest(&self.name, &self.known).into_iter().map(|name| format!("{name:?}")).collect();
        if !nearest.is_empty() {
            write!(f, "; did you mean {}?", nearest.join(" or "))?;
        }
        let list = self.known.join(", ");
        if list.len() <= LONG {
            write!(f, "; the {many} are: {list}")
        } else {
            write!(f, " (`quorate list` names the {many})")
        }
    }
}

/// The names that one may have meant, the likeliest first.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let mut rated: Vec<(usize, &str)> = Vec::new();
    for candidate in known {
        let there = candidate.to_lowercase();
        let edits = strsim::damerau_levenshtein(&wanted, &there);
        let is_part = wanted.chars().count() > 2 && there.contains(&wanted);
        if (is_part || edits <= (wanted.chars().count() / 3).max(1))
            && !rated.iter().any(|(_, rated)| rated == candidate)
        {
            rated.push((edits, candidate));
        }
    }
    rated.sort_unstable();
    rated.into_iter().take(SUGGESTIONS).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_suggested_and_what_is_far_is_not() {
        let known = ["paxos", "primary-backup", "multi-primary", "crash", "crash-restart"];
        assert_eq!(nearest("paxso", &known), ["paxos"]);
        assert_eq!(nearest("primary", &known), ["multi-primary", "primary-backup"]);
        assert_eq!(nearest("crahs", &known), ["crash"]);
        assert_eq!(nearest("Crash", &known), ["crash", "crash-restart"]);
        assert_eq!(nearest("raft", &known), Vec::<&str>::new());
    }
}
