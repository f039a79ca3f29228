//! Figures as people read them: durations, sizes, ratios. Every view and every message uses these.

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

/// A measured duration with about three significant digits: `4.2 ms`, `812 ms`, `12.3 s`, `2m 05s`.
pub fn duration(ns: u64) -> String {
    // Each limit is the first value that would round up into the next, shorter form.
    match ns {
        _ if ns < 9_950_000 => format!("{:.1} ms", ns as f64 / MS as f64),
        _ if ns < 999_500_000 => format!("{:.0} ms", ns as f64 / MS as f64),
        _ if ns < 9_995_000_000 => format!("{:.2} s", ns as f64 / S as f64),
        _ if ns < 119_950_000_000 => format!("{:.1} s", ns as f64 / S as f64),
        _ => {
            let seconds = (ns + S / 2) / S;
            format!("{}m {:02}s", seconds / 60, seconds % 60)
        }
    }
}

/// A duration that somebody chose, exact to the millisecond and without idle digits: `60 s`, `1.5 s`, `250 ms`.
pub fn limit(ns: u64) -> String {
    if ns < S {
        return format!("{} ms", ns as f64 / MS as f64);
    }
    format!("{} s", (ns / MS) as f64 / 1e3)
}

/// A size in binary units: `512 B`, `12.3 KiB`, `118 MiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = match value {
        _ if value < 9.995 => 2,
        _ if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// How many times `base` goes into `value`: `1.0x`, `12x`.
pub fn ratio(value: u64, base: u64) -> String {
    match value as f64 / base.max(1) as f64 {
        ratio if ratio < 9.95 => format!("{ratio:.1}x"),
        ratio => format!("{ratio:.0}x"),
    }
}

/// A count with its noun: `1 case`, `3 cases`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// The middle value, of an even number of them the mean of the two in the middle; `None` of none.
pub fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    let upper = *values.get(values.len() / 2)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some(values[values.len() / 2 - 1].midpoint(upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_round_into_the_next_form_without_overflowing_their_own() {
        let shown: Vec<_> = [
            0,
            9_949_999,
            9_950_000,
            999_499_999,
            999_500_000,
            9_994_999_999,
            9_995_000_000,
        ]
        .into_iter()
        .chain([119_949_000_000, 119_960_000_000, 125_400_000_000])
        .map(duration)
        .collect();
        assert_eq!(
            shown,
            [
                "0.0 ms", "9.9 ms", "10 ms", "999 ms", "1.00 s", "9.99 s", "10.0 s", "119.9 s", "2m 00s", "2m 05s"
            ]
        );
    }

    #[test]
    fn limits_are_exact() {
        assert_eq!([60 * S, 1_500 * MS, 250 * MS].map(limit), ["60 s", "1.5 s", "250 ms"]);
    }

    #[test]
    fn sizes_keep_three_digits() {
        assert_eq!(
            [0, 1023, 1024, 12_595, 123_731_968, 1_072_693_248, u64::MAX].map(bytes),
            [
                "0 B",
                "1023 B",
                "1.00 KiB",
                "12.3 KiB",
                "118 MiB",
                "1.00 GiB",
                "16384 PiB"
            ]
        );
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![655, 610, 631]), Some(631));
        assert_eq!(median(vec![u64::MAX, u64::MAX - 2]), Some(u64::MAX - 1));
        assert_eq!(median(Vec::new()), None);
    }
}
