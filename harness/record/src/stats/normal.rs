//! The standard normal distribution.

use super::proper;

/// Half the logarithm of 2 pi.
const LN_SQRT_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// Beyond this many standard deviations the share is 0 or 1 within the precision of the series.
const FAR: f64 = 8.0;

/// The share of a standard normal distribution that lies below `x`, to about 15 decimals: the Taylor series of Marsaglia,
/// "Evaluating the Normal Distribution", Journal of Statistical Software 11 (2004).
pub fn normal_below(x: f64) -> f64 {
    if x.abs() > FAR {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut sum, mut term, mut odd) = (x, x, 1.0);
    while term.abs() > sum.abs() * f64::EPSILON {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    (0.5 + sum * (-x * x / 2.0 - LN_SQRT_TWO_PI).exp()).clamp(0.0, 1.0)
}

/// The value below which a share of a standard normal distribution lies, by halving; `None` unless it is above 0 and below 1.
pub fn normal_quantile(share: f64) -> Option<f64> {
    let share = proper(share)?;
    let (mut low, mut high) = (-FAR, FAR);
    while high - low > 1e-13 {
        let middle = f64::midpoint(low, high);
        if normal_below(middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_quantiles_are_those_of_the_tables() {
        for (x, below) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_543),
            (-1.959_963_984_540_054, 0.025),
            (2.326_347_874_040_841, 0.99),
            (-4.0, 3.167_124_183_311_986e-5),
        ] {
            assert!((normal_below(x) - below).abs() < 1e-14, "{x}: {}", normal_below(x));
            assert!((normal_quantile(below).unwrap() - x).abs() < 1e-9, "{below}");
        }
        assert_eq!((normal_below(40.0), normal_below(-40.0)), (1.0, 0.0));
        assert!(normal_below(f64::NAN).is_nan());
        assert_eq!(
            normal_quantile(0.0)
                .or(normal_quantile(1.0))
                .or(normal_quantile(f64::NAN)),
            None
        );
    }
}
