//! Which cases of the scenarios are taken.

use std::path::PathBuf;

use crate::plan::Case;

/// Which cases of the scenarios are taken.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Files or folders; empty: all below `scenarios/`.
    pub paths: Vec<PathBuf>,
    /// Substring of the case id, or a glob when it holds `*` or `?`; any may match; empty: all.
    pub filters: Vec<String>,
    /// Tags, any may match; empty: all.
    pub tags: Vec<String>,
    /// Also take scenarios tagged `nightly` (named paths take them anyway).
    pub all: bool,
}

impl Selection {
    pub(crate) fn takes(&self, case: &Case) -> bool {
        let tags = &case.scenario.tags;
        let tagged = |tag: &str| tags.iter().any(|own| own == tag);
        let nightly =
            tagged("nightly") && !self.all && self.paths.is_empty() && !self.tags.iter().any(|tag| tag == "nightly");
        !nightly
            && (self.tags.is_empty() || self.tags.iter().any(|tag| tagged(tag)))
            && (self.filters.is_empty() || self.filters.iter().any(|filter| matches(filter, &case.id)))
    }
}

/// A glob for the whole id, or else a part of it.
fn matches(filter: &str, id: &str) -> bool {
    if filter.contains(['*', '?']) {
        glob(filter.as_bytes(), id.as_bytes())
    } else {
        id.contains(filter)
    }
}

/// `*` stands for any text, `?` for one letter (ids are ASCII); a later `*` takes over from an earlier one, so this never backtracks
/// further than one star.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(letter) if *letter == b'?' || *letter == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_part_or_a_glob() {
        let id = "override/numpy@dynamic";
        for filter in ["numpy", "@dynamic", "override/*", "*@dyn*", "*numpy?dynamic"] {
            assert!(matches(filter, id), "{filter}");
        }
        for filter in ["Numpy", "override/*@none", "numpy*", "?"] {
            assert!(!matches(filter, id), "{filter}");
        }
    }
}
