//! Axes: where values lie, and which are written beside them.

/// Values that are written on an axis from zero to at least `most`: a few, and round.
pub fn steps(most: f64) -> Vec<f64> {
    let rough = if most > 0.0 { most / 5.0 } else { 1.0 };
    let size = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * size);
    let step = step.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(rough);
    let count = (most / step).ceil().max(1.0) as usize;
    (0..=count).map(|number| number as f64 * step).collect()
}

/// Values that are written on a logarithmic axis around two: 1, 2 and 5 of each decade, or the
/// decades alone where they are many. The first and the last are its ends.
pub fn decades(least: f64, most: f64) -> Vec<f64> {
    let (from, to) = (least.log10().floor() as i32, most.log10().ceil() as i32);
    let parts: &[f64] = if to - from > 3 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let all = (from..=to).flat_map(|power| parts.iter().map(move |part| part * 10f64.powi(power)));
    let all: Vec<f64> = all.collect();
    let below = all.iter().rposition(|value| *value <= least * 1.001).unwrap_or(0);
    let above = all.iter().position(|value| *value >= most * 0.999).unwrap_or(all.len() - 1);
    all[below..=above.max((below + 1).min(all.len() - 1))].to_vec()
}

/// A value as an axis shows it: no digits that say nothing.
pub fn written(value: f64) -> String {
    let text = match value.abs() {
        size if size >= 1e6 => return format!("{} M", value / 1e6),
        size if size >= 1000.0 => return thousands(value.round() as u64),
        size if size >= 1.0 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number with a comma behind each three digits.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_from_zero_is_round_and_long_enough() {
        assert_eq!(steps(9.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(steps(1.0).len(), 6);
        assert_eq!(steps(0.0), [0.0, 1.0]);
        for most in [0.003, 0.7, 12.0, 999.0, 41_000.0] {
            let steps = steps(most);
            assert!(steps[steps.len() - 1] >= most && steps.len() <= 7, "{steps:?} for {most}");
        }
    }

    #[test]
    fn a_logarithmic_axis_is_around_what_it_shows() {
        assert_eq!(decades(3.0, 40.0), [2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!(decades(0.02, 3000.0), [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0]);
        assert_eq!(decades(2.0, 2.0), [2.0, 5.0]);
    }

    #[test]
    fn values_are_written_short() {
        let shown = [0.0, 0.05, 2.5, 40.0, 1500.0, 2e6].map(written);
        assert_eq!(shown, ["0", "0.05", "2.5", "40", "1,500", "2 M"]);
        assert_eq!([7, 1000, 1_234_567].map(thousands), ["7", "1,000", "1,234,567"]);
    }
}
