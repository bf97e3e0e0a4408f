//! Figures, and how Prometheus reads them: text format 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use chorus_model::Distribution;

/// What the answer says it is.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where figures come from that this crate cannot see.
pub type Figures = Arc<dyn Fn() -> Vec<Figure> + Send + Sync>;

/// One figure, or one for each value of its labels. Labels take their values from closed
/// vocabularies only: never from what somebody sent.
#[derive(Debug, Clone)]
pub struct Figure {
    name: &'static str,
    help: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Counter(Vec<Sample>),
    Gauge(Vec<Sample>),
    Histogram(Distribution),
}

/// A number and what distinguishes it.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) labels: Vec<(&'static str, Cow<'static, str>)>,
    pub(crate) value: u64,
}

impl Figure {
    /// A number that rises; its name ends with `_total`.
    pub fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        Self { name, help, kind: Kind::Counter(vec![Sample { labels: Vec::new(), value }]) }
    }

    /// Numbers that rise, one for each value of a label.
    pub fn counters(
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: impl IntoIterator<Item = (&'static str, u64)>,
    ) -> Self {
        Self { name, help, kind: Kind::Counter(labelled(label, values)) }
    }

    /// A number that rises and falls.
    pub fn gauge(name: &'static str, help: &'static str, value: u64) -> Self {
        Self { name, help, kind: Kind::Gauge(vec![Sample { labels: Vec::new(), value }]) }
    }

    /// Numbers that rise and fall, one for each value of a label.
    pub fn gauges(
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: impl IntoIterator<Item = (&'static str, u64)>,
    ) -> Self {
        Self { name, help, kind: Kind::Gauge(labelled(label, values)) }
    }

    /// Durations, told in seconds; the name ends with `_seconds`.
    pub fn histogram(name: &'static str, help: &'static str, read: Distribution) -> Self {
        Self { name, help, kind: Kind::Histogram(read) }
    }

    /// Numbers that rise, with several labels.
    pub(crate) fn samples(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Self {
        Self { name, help, kind: Kind::Counter(samples) }
    }

    /// The constant 1, whose labels are what it tells.
    pub(crate) fn facts(
        name: &'static str,
        help: &'static str,
        labels: Vec<(&'static str, Cow<'static, str>)>,
    ) -> Self {
        Self { name, help, kind: Kind::Gauge(vec![Sample { labels, value: 1 }]) }
    }
}

/// As Prometheus reads it: every line ends with a line feed.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, help, kind } = self;
        let (word, samples) = match kind {
            Kind::Counter(samples) => ("counter", &**samples),
            Kind::Gauge(samples) => ("gauge", &**samples),
            Kind::Histogram(_) => ("histogram", &[][..]),
        };
        write!(f, "# HELP {name} ")?;
        escape(f, help, false)?;
        writeln!(f, "\n# TYPE {name} {word}")?;
        for Sample { labels, value } in samples {
            f.write_str(name)?;
            for (at, (label, said)) in labels.iter().enumerate() {
                write!(f, "{}{label}=\"", if at == 0 { '{' } else { ',' })?;
                escape(f, said, true)?;
                f.write_char('"')?;
            }
            writeln!(f, "{} {value}", if labels.is_empty() { "" } else { "}" })?;
        }
        match kind {
            Kind::Histogram(read) => distribution(f, name, read),
            Kind::Counter(_) | Kind::Gauge(_) => Ok(()),
        }
    }
}

/// All figures, one after the other.
pub(crate) fn render(figures: &[Figure]) -> String {
    figures.iter().fold(String::new(), |mut text, figure| {
        // Writing to memory does not fail.
        write!(text, "{figure}").ok();
        text
    })
}

fn labelled(
    label: &'static str,
    values: impl IntoIterator<Item = (&'static str, u64)>,
) -> Vec<Sample> {
    let sample = |(said, value)| Sample { labels: vec![(label, Cow::Borrowed(said))], value };
    values.into_iter().map(sample).collect()
}

fn distribution(f: &mut fmt::Formatter<'_>, name: &str, read: &Distribution) -> fmt::Result {
    for (bound, count) in read.cumulative() {
        match bound {
            Some(bound) => writeln!(f, "{name}_bucket{{le=\"{}\"}} {count}", bound.as_secs_f64())?,
            None => writeln!(f, "{name}_bucket{{le=\"+Inf\"}} {count}")?,
        }
    }
    writeln!(f, "{name}_sum {}", read.sum().as_secs_f64())?;
    writeln!(f, "{name}_count {}", read.count())
}

/// Quotes are escaped within labels only.
fn escape(f: &mut fmt::Formatter<'_>, text: &str, quoted: bool) -> fmt::Result {
    for c in text.chars() {
        match c {
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '"' if quoted => f.write_str("\\\"")?,
            c => f.write_char(c)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chorus_model::Histogram;

    use super::*;

    #[test]
    fn numbers_have_help_and_type() {
        let figures = [
            Figure::counter("chorus_events_total", "Events.", 7),
            Figure::gauges(
                "chorus_sessions",
                "Sessions.",
                "transport",
                [("raw", 0), ("polling", 2)],
            ),
        ];
        let expected = "# HELP chorus_events_total Events.\n\
            # TYPE chorus_events_total counter\n\
            chorus_events_total 7\n\
            # HELP chorus_sessions Sessions.\n\
            # TYPE chorus_sessions gauge\n\
            chorus_sessions{transport=\"raw\"} 0\n\
            chorus_sessions{transport=\"polling\"} 2\n";
        assert_eq!(render(&figures), expected);
    }

    #[test]
    fn labels_and_help_are_escaped() {
        let odd = "a\\b\"c\nd";
        let figure =
            Figure::facts("chorus_build_info", odd, vec![("a", odd.into()), ("b", "".into())]);
        let expected = "# HELP chorus_build_info a\\\\b\"c\\nd\n\
            # TYPE chorus_build_info gauge\n\
            chorus_build_info{a=\"a\\\\b\\\"c\\nd\",b=\"\"} 1\n";
        assert_eq!(figure.to_string(), expected);
    }

    #[test]
    fn a_histogram_tells_seconds_and_ends_with_everything() {
        let histogram = Histogram::default();
        for millis in [0, 3, 3, 60_000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let text = Figure::histogram("took_seconds", "Time.", histogram.read()).to_string();
        for line in [
            "# TYPE took_seconds histogram",
            "took_seconds_bucket{le=\"0.00005\"} 1",
            "took_seconds_bucket{le=\"0.0025\"} 1",
            "took_seconds_bucket{le=\"0.005\"} 3",
            "took_seconds_bucket{le=\"2.5\"} 3",
            "took_seconds_bucket{le=\"+Inf\"} 4",
            "took_seconds_sum 60.006",
            "took_seconds_count 4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
