//! Spans of time as sorted, disjoint pairs: what two have in common, and how long they are.

/// From and to, nanoseconds.
pub(super) type Span = (u64, u64);

/// Spans in order, those that touch or overlap as one; empty ones are left out.
pub(super) fn union(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.into_iter().filter(|(from, to)| from < to).collect();
    sorted.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for (from, to) in sorted {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// What of `spans` lies between two instants.
pub(super) fn within(spans: &[Span], from: u64, to: u64) -> Vec<Span> {
    union(spans.iter().map(|span| (span.0.max(from), span.1.min(to))))
}

/// How long both are at once.
pub(super) fn common(one: &[Span], other: &[Span]) -> u64 {
    one.iter().map(|&(from, to)| length(&within(other, from, to))).sum()
}

/// How long all of them are.
pub(super) fn length(spans: &[Span]) -> u64 {
    spans.iter().map(|(from, to)| to - from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_counts_once() {
        let spans = union([(30, 40), (0, 10), (5, 20), (20, 22), (50, 50), (60, 40)]);
        assert_eq!(spans, [(0, 22), (30, 40)]);
        assert_eq!(length(&spans), 32);
        assert_eq!(within(&spans, 10, 35), [(10, 22), (30, 35)]);
        assert_eq!(common(&spans, &[(10, 35), (39, 90)]), 18);
    }
}
