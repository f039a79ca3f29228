//! Content negotiation of project pages (PEP 691): from an `Accept` header to the form in which to answer.

/// A form in which a project page can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// HTML under its old name; the default when the client has no preference.
    PlainHtml,
    /// JSON, version 1.
    Json,
    /// HTML under its versioned name.
    Html,
}

impl Form {
    /// How many forms there are.
    pub(crate) const COUNT: usize = Form::OFFERED.len();

    /// In order of preference among equals: a client that takes anything gets what every client understands.
    const OFFERED: [Form; 3] = [Form::PlainHtml, Form::Json, Form::Html];

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Form::PlainHtml => "text/html; charset=utf-8",
            Form::Json => "application/vnd.pypi.simple.v1+json",
            Form::Html => "application/vnd.pypi.simple.v1+html",
        }
    }

    /// How exactly a media range names this form: 3 by name, 2 by its family, 1 by `*/*`.
    fn matched_by(self, range: &str) -> Option<u8> {
        match (range, self) {
            ("text/html", Form::PlainHtml)
            | ("application/vnd.pypi.simple.v1+json" | "application/vnd.pypi.simple.latest+json", Form::Json)
            | ("application/vnd.pypi.simple.v1+html" | "application/vnd.pypi.simple.latest+html", Form::Html) => {
                Some(3)
            }
            ("text/*", Form::PlainHtml) | ("application/*", Form::Json | Form::Html) => Some(2),
            ("*/*", _) => Some(1),
            _ => None,
        }
    }
}

/// The form that an `Accept` header prefers, or `None` when it accepts none of ours.
pub(crate) fn choose(accept: Option<&str>) -> Option<Form> {
    let Some(accept) = accept.filter(|text| !text.trim().is_empty()) else {
        return Some(Form::PlainHtml);
    };
    let ranges: Vec<(String, f32)> = accept.split(',').map(parse_range).collect();
    let mut best: Option<(Form, f32)> = None;
    for form in Form::OFFERED {
        let weight = weight_of(form, &ranges);
        if weight > best.map_or(0.0, |(_, weight)| weight) {
            best = Some((form, weight));
        }
    }
    best.map(|(form, _)| form)
}

/// The weight of the most exact range that names a form; 0 when none does.
fn weight_of(form: Form, ranges: &[(String, f32)]) -> f32 {
    ranges
        .iter()
        .filter_map(|(range, weight)| form.matched_by(range).map(|exactness| (exactness, *weight)))
        .max_by_key(|(exactness, _)| *exactness)
        .map_or(0.0, |(_, weight)| weight)
}

/// `type/subtype; q=0.5` as range and weight; a weight that cannot be read counts as 1.
fn parse_range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts
        .find_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")))
        .and_then(|value| value.parse::<f32>().ok())
        .map_or(1.0, |weight| weight.clamp(0.0, 1.0));
    (range, weight)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Form, choose};

    proptest! {
        #[test]
        fn the_highest_weight_wins_and_what_is_not_named_is_not_sent(weights in [0..11_u8, 0..11_u8, 0..11_u8]) {
            let ranges = Form::OFFERED.into_iter().zip(weights).map(|(form, weight)| {
                let range = form.media_type().trim_end_matches("; charset=utf-8");
                format!("{range};q={}", f32::from(weight) / 10.0)
            });
            let accept = ranges.collect::<Vec<_>>().join(", ");
            let best = weights.into_iter().max().filter(|best| *best > 0);
            let expected = best.and_then(|best| weights.iter().position(|weight| *weight == best));
            prop_assert_eq!(choose(Some(&accept)), expected.map(|at| Form::OFFERED[at]), "{}", accept);
        }
    }

    #[test]
    fn real_clients_get_what_they_prefer() {
        let pip = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01";
        let uv = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(choose(Some(pip)), Some(Form::Json));
        assert_eq!(choose(Some(uv)), Some(Form::Json));
        assert_eq!(choose(Some("text/html")), Some(Form::PlainHtml));
        assert_eq!(choose(Some(browser)), Some(Form::PlainHtml));
        assert_eq!(
            choose(Some("application/vnd.pypi.simple.latest+html")),
            Some(Form::Html)
        );
    }

    #[test]
    fn no_preference_means_html() {
        for accept in [None, Some(""), Some("*/*")] {
            assert_eq!(choose(accept), Some(Form::PlainHtml), "{accept:?}");
        }
    }

    #[test]
    fn an_exact_range_outweighs_a_wildcard() {
        assert_eq!(choose(Some("*/*, text/html;q=0")), Some(Form::Json));
        assert_eq!(choose(Some("image/png")), None);
        assert_eq!(choose(Some("text/html;q=0")), None);
    }
}
