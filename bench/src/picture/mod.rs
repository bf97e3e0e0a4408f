//! Pictures of figures, as SVG: drawn by hand, because a chart of bars or lines is little more than
//! a few rectangles, and readable on light and dark pages alike.

mod bars;
mod lines;
mod scale;

pub use scale::thousands;

use crate::figures::{Measure, Readings};
use crate::lineup::Name;
use crate::scenario::Scenario;

/// What to draw of a scenario.
#[derive(Debug, Clone, Copy)]
pub enum Picture {
    /// A bar for each server and case, from zero on.
    Bars {
        /// Of what.
        measure: Measure,
        /// In which cases.
        cases: &'static [&'static str],
    },
    /// A line for each server over all cases, on a logarithmic scale.
    Lines {
        /// Of what.
        measure: Measure,
        /// What the cases count.
        along: &'static str,
    },
    /// The latencies of each server by share, on a logarithmic scale.
    Curves {
        /// In which case.
        case: &'static str,
    },
}

/// Shares that a curve shows, and how they are called.
const SHARES: [(f64, &str); 5] =
    [(0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (1.0, "longest")];

/// Points of a picture's width.
const WIDTH: f64 = 760.0;
/// Points of a line of text.
const LINE: f64 = 18.0;

/// One server in a picture.
struct Series {
    name: Name,
    /// By column: the value, and its spread if it has one.
    points: Vec<Option<Point>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    value: f64,
    spread: Option<(f64, f64)>,
}

impl Picture {
    /// The name of its file, without the ending.
    pub fn file(&self, scenario: &Scenario) -> String {
        let part = match self {
            Self::Bars { measure, cases } => format!("{}-{}", measure.title, cases[0]),
            Self::Lines { measure, .. } => measure.title.to_owned(),
            Self::Curves { case } => format!("latency-{case}"),
        };
        let words = format!("{}-{part}", scenario.name).to_lowercase();
        let words = words.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// What it shows, in a line.
    pub fn title(&self, scenario: &Scenario) -> String {
        match self {
            Self::Bars { measure, .. } | Self::Lines { measure, .. } => {
                format!("{}: {} ({})", scenario.title, measure.title, measure.unit)
            }
            Self::Curves { case } => format!("{}: latency, {case} (ms)", scenario.title),
        }
    }

    /// The SVG; nothing if there is nothing to show.
    pub fn draw(&self, scenario: &Scenario, names: &[Name], readings: &Readings) -> Option<String> {
        let title = self.title(scenario);
        let place = |case: &str| readings.cases.iter().position(|known| known == case);
        let point = |name, measure, case: Option<usize>| {
            let value = readings.median(name, measure, case?)?;
            Some(Point { value, spread: readings.range(name, measure, case?) })
        };
        let series = |points: &dyn Fn(Name) -> Vec<Option<Point>>| -> Vec<Series> {
            let all = names.iter().map(|name| Series { name: *name, points: points(*name) });
            all.filter(|series| series.points.iter().any(Option::is_some)).collect()
        };
        match self {
            Self::Bars { measure, cases } => {
                let points =
                    |name| cases.iter().map(|case| point(name, *measure, place(case))).collect();
                bars::draw(&title, measure.unit, cases, &series(&points))
            }
            Self::Lines { measure, along } => {
                let cases: Vec<&str> = readings.cases.iter().map(String::as_str).collect();
                let points =
                    |name| (0..cases.len()).map(|case| point(name, *measure, Some(case))).collect();
                lines::draw(&title, &cases, [along, measure.unit], &series(&points))
            }
            Self::Curves { case } => {
                let columns = SHARES.map(|(_, title)| title);
                let points = |name| curve(readings, name, place(case));
                lines::draw(&title, &columns, ["share of deliveries", "ms"], &series(&points))
            }
        }
    }
}

fn curve(readings: &Readings, name: Name, case: Option<usize>) -> Vec<Option<Point>> {
    let latency = case.and_then(|case| readings.curve(name, case));
    let within = |share| latency?.millis_within(share).filter(|millis| *millis > 0.0);
    SHARES.map(|(share, _)| within(share).map(|value| Point { value, spread: None })).to_vec()
}

/// The colour of a server, by the class that the style gives it.
fn class(name: Name) -> &'static str {
    match name {
        Name::Floor => "floor",
        Name::Chorus => "chorus",
        Name::Socketioxide => "oxide",
        Name::Node => "node",
        Name::Bun => "bun",
        Name::Uvicorn => "uvicorn",
        Name::Eventlet => "eventlet",
        Name::Nats => "nats",
    }
}

/// A whole picture. The colours of text and lines follow the page's, those of servers are legible
/// on both.
fn page(title: &str, height: f64, inner: &str) -> String {
    let title = escaped(title);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="{title}">
<style>
text {{ font: 13px system-ui, sans-serif; fill: #24292f }}
.title {{ font-size: 15px; font-weight: 600 }}
.case {{ font-weight: 600 }}
.quiet {{ fill: #57606a }}
.right {{ text-anchor: end }}
.middle {{ text-anchor: middle }}
.grid {{ stroke: #d0d7de; stroke-width: 1 }}
.spread {{ stroke: #57606a; stroke-width: 1.5 }}
polyline.line {{ fill: none; stroke-width: 2 }}
rect.bar {{ stroke: none }}
.floor {{ fill: #8c959f; stroke: #8c959f }} polyline.floor {{ stroke-dasharray: 5 3 }}
.chorus {{ fill: #2f81f7; stroke: #2f81f7 }} polyline.chorus {{ stroke-width: 3 }}
.oxide {{ fill: #d9730d; stroke: #d9730d }}
.node {{ fill: #2da44e; stroke: #2da44e }}
.bun {{ fill: #bf6fb5; stroke: #bf6fb5 }}
.uvicorn {{ fill: #b59a1d; stroke: #b59a1d }}
.eventlet {{ fill: #cf4a4a; stroke: #cf4a4a }}
.nats {{ fill: #1ba7a7; stroke: #1ba7a7 }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6edf3 }}
.quiet {{ fill: #9198a1 }}
.grid {{ stroke: #3d444d }}
.spread {{ stroke: #9198a1 }}
}}
</style>
<text class="title" x="12" y="24">{title}</text>
{inner}</svg>
"#
    )
}

/// A piece of text.
fn text(class: &str, x: f64, y: f64, words: &str) -> String {
    let words = escaped(words);
    format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>\n")
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
