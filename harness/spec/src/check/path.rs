//! Paths in files: relative, with `/`, and never out of the folder that they belong to.

use super::Checker;
use crate::tree::Node;

impl Checker<'_> {
    /// A path inside `folder`, counted from `base` inside it; says so otherwise.
    pub(super) fn inside(&mut self, node: &Node, path: &str, base: &str, folder: &str) {
        if path.starts_with('/') {
            let problem = self.value(node, format!("the path `{path}` is absolute"));
            self.push(problem.expected(format!("expected a path inside {folder}")));
        } else if depth(base, path).is_none() {
            let problem = self.value(node, format!("the path `{path}` leaves {folder}"));
            self.push(problem.expected(format!("expected a path inside {folder}")));
        }
    }

    /// A path in a container.
    pub(super) fn absolute(&mut self, node: &Node, path: &str) {
        if !path.starts_with('/') {
            let problem = self.value(node, format!("the path `{path}` is relative"));
            self.push(problem.expected("expected a path that begins with `/`"));
        }
    }
}

/// The folder part of a path; empty when there is none.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// How deep `path` from `base` ends below the folder; `None` when it leaves it on the way.
fn depth(base: &str, path: &str) -> Option<usize> {
    let mut depth: usize = 0;
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => depth = depth.checked_sub(1)?,
            _ => depth += 1,
        }
    }
    Some(depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_may_climb_only_as_far_as_the_folder() {
        assert_eq!(depth("service", "../requirements.txt"), Some(1));
        assert_eq!(depth("", "../requirements.txt"), None);
        assert_eq!(depth("", "a/../../b"), None);
    }
}
