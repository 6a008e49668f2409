//! The generalised Pareto distribution: what the tail of almost any distribution looks like from far enough out.

/// A fitted distribution of excesses: `P(Y > y) = (1 + shape y / scale)^(-1/shape)`, for shape 0 `exp(-y / scale)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pareto {
    /// Shape, gamma in the literature: above 0 a heavy tail, below 0 an end.
    pub shape: f64,
    /// Scale, sigma in the literature, in the unit of the excesses; above 0.
    pub scale: f64,
}

/// Shape below which the tail is taken as exponential.
const SHAPE_MIN: f64 = 1e-8;

/// Shapes that a fit may take: beyond 1 the distribution has no mean.
const SHAPES: (f64, f64) = (-0.5, 1.0);

/// Places at which the equation of one variable is looked at, and steps of bisection within.
const GRID: u32 = 24;
const BISECTIONS: u32 = 24;

impl Pareto {
    /// Fits the excesses by maximum likelihood with Grimshaw's reduction to one variable ("Computing maximum likelihood estimates for the generalized Pareto distribution",
    /// Technometrics, 1993), the moments standing in where it finds no root. None without a positive excess.
    #[must_use]
    pub fn fit(excesses: &[f64]) -> Option<Self> {
        let count = excesses.len() as f64;
        let mean = excesses.iter().sum::<f64>() / count;
        if !(mean > 0.0 && mean.is_finite()) {
            return None;
        }
        let most = excesses.iter().copied().fold(0.0, f64::max);
        let least = excesses.iter().copied().filter(|excess| *excess > 0.0).fold(most, f64::min);
        let mut best = Self { shape: 0.0, scale: mean };
        let mut likelihood = best.likelihood(excesses);
        let moments = by_moments(excesses, mean);
        let roots = candidates(excesses, mean, least, most);
        for candidate in roots.into_iter().chain(moments) {
            let of = candidate.likelihood(excesses);
            if of > likelihood {
                (best, likelihood) = (candidate, of);
            }
        }
        Some(best)
    }

    /// The chance of an excess above `excess`; 0 beyond the end of the distribution.
    #[must_use]
    pub fn above(self, excess: f64) -> f64 {
        if self.shape.abs() < SHAPE_MIN {
            return libm::exp(-excess / self.scale);
        }
        let base = 1.0 + self.shape * excess / self.scale;
        if base <= 0.0 { 0.0 } else { libm::exp(-libm::log(base) / self.shape) }
    }

    /// The excess that is exceeded with chance `share` (above 0).
    #[must_use]
    pub fn quantile(self, share: f64) -> f64 {
        if self.shape.abs() < SHAPE_MIN {
            return -self.scale * libm::log(share);
        }
        self.scale / self.shape * libm::expm1(-self.shape * libm::log(share))
    }

    fn likelihood(self, excesses: &[f64]) -> f64 {
        let count = excesses.len() as f64;
        if self.shape.abs() < SHAPE_MIN {
            return -count * libm::log(self.scale) - excesses.iter().sum::<f64>() / self.scale;
        }
        let mut sum = 0.0;
        for excess in excesses {
            let base = 1.0 + self.shape * excess / self.scale;
            if base <= 0.0 {
                return f64::NEG_INFINITY;
            }
            sum += libm::log(base);
        }
        -count * libm::log(self.scale) - (1.0 + 1.0 / self.shape) * sum
    }
}

/// Shape and scale that follow from x = shape / scale where u(x) v(x) = 1, with u the mean of 1/(1 + x y) and v = 1 + the mean of ln(1 + x y).
fn candidates(excesses: &[f64], mean: f64, least: f64, most: f64) -> Vec<Pareto> {
    let equation = |x: f64| {
        let (mut inverse, mut log) = (0.0, 0.0);
        for excess in excesses {
            inverse += 1.0 / (1.0 + x * excess);
            log += libm::log1p(x * excess);
        }
        let count = excesses.len() as f64;
        inverse / count * (1.0 + log / count) - 1.0
    };
    let edge = 1e-6 / mean;
    let below = (-1.0 / most + edge.min(0.5 / most), -edge);
    let upper = 2.0 * (mean - least) / (least * least).max(1e-12 * mean * mean);
    let above = (edge, upper.clamp(2.0 * edge, 1e3 / mean));
    let mut found = Vec::new();
    for (low, high) in [below, above] {
        for x in roots(&equation, low, high) {
            let shape = excesses.iter().map(|excess| libm::log1p(x * excess)).sum::<f64>() / excesses.len() as f64;
            let scale = shape / x;
            if scale > 0.0 && scale.is_finite() && shape >= SHAPES.0 && shape <= SHAPES.1 {
                found.push(Pareto { shape, scale });
            }
        }
    }
    found
}

/// Where the equation changes its sign between two places of an even grid.
fn roots(equation: &impl Fn(f64) -> f64, low: f64, high: f64) -> Vec<f64> {
    let mut roots = Vec::new();
    let (mut from, mut at_from) = (low, equation(low));
    for step in 1..=GRID {
        let to = low + (high - low) * f64::from(step) / f64::from(GRID);
        let at_to = equation(to);
        if at_from * at_to < 0.0 {
            roots.push(bisect(equation, (from, at_from), to));
        }
        (from, at_from) = (to, at_to);
    }
    roots
}

fn bisect(equation: &impl Fn(f64) -> f64, (mut low, at_low): (f64, f64), mut high: f64) -> f64 {
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        if equation(middle) * at_low > 0.0 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Moments: with mean m and variance v, `shape = (1 - m^2/v)/2`, `scale = m (1 + m^2/v)/2`.
fn by_moments(excesses: &[f64], mean: f64) -> Option<Pareto> {
    let variance = excesses.iter().map(|excess| (excess - mean) * (excess - mean)).sum::<f64>() / excesses.len() as f64;
    let ratio = mean * mean / variance;
    ratio.is_finite().then(|| Pareto { shape: ((1.0 - ratio) / 2.0).max(SHAPES.0), scale: mean * (1.0 + ratio) / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::controls::Draw;

    fn drawn(truth: Pareto, count: usize) -> Vec<f64> {
        let mut draw = Draw::new(3);
        (0..count).map(|_| truth.quantile(1.0 - draw.unit())).collect()
    }

    #[test]
    fn a_fit_finds_the_distribution_that_was_drawn_from() {
        for truth in [
            Pareto { shape: 0.3, scale: 2.0 },
            Pareto { shape: 0.0, scale: 0.5 },
            Pareto { shape: -0.3, scale: 10.0 },
            Pareto { shape: 0.7, scale: 1.0 },
        ] {
            let fit = Pareto::fit(&drawn(truth, 4_000)).unwrap();
            assert!((fit.shape - truth.shape).abs() < 0.08, "{truth:?} {fit:?}");
            assert!((fit.scale / truth.scale - 1.0).abs() < 0.1, "{truth:?} {fit:?}");
        }
    }

    #[test]
    fn quantile_and_chance_belong_together() {
        for fit in
            [Pareto { shape: 0.2, scale: 3.0 }, Pareto { shape: 0.0, scale: 3.0 }, Pareto { shape: -0.4, scale: 3.0 }]
        {
            for share in [0.9, 0.1, 1e-3, 1e-6] {
                assert!((fit.above(fit.quantile(share)) / share - 1.0).abs() < 1e-9);
            }
        }
        assert_eq!(Pareto { shape: -0.5, scale: 1.0 }.above(2.1), 0.0);
    }

    #[test]
    fn no_spread_is_no_fault() {
        assert_eq!(Pareto::fit(&[]), None);
        assert_eq!(Pareto::fit(&[0.0, 0.0]), None);
        assert!(Pareto::fit(&[1.0; 20]).unwrap().scale > 0.0);
    }
}
