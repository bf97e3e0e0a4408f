//! Bars that lie, grouped by case, so that names have room.

use super::scale::{steps, written};
use super::{LINE, Series, WIDTH, class, page, text};
use crate::report::number;

/// Where bars begin.
const LEFT: f64 = 220.0;
/// Room for the number behind the longest.
const RIGHT: f64 = 90.0;
const TOP: f64 = 40.0;
const BAR: f64 = 13.0;

/// A picture of at least one bar.
pub fn draw(title: &str, unit: &str, cases: &[&str], series: &[Series]) -> Option<String> {
    let points = || series.iter().flat_map(|one| one.points.iter().flatten());
    let most = points().map(|point| point.spread.map_or(point.value, |spread| spread.1));
    let most = most.reduce(f64::max)?;
    let ticks = steps(most);
    let end = ticks[ticks.len() - 1];
    let x = |value: f64| LEFT + value / end * (WIDTH - LEFT - RIGHT);
    let (mut rows, mut y) = (String::new(), TOP);
    for (column, case) in cases.iter().enumerate() {
        if series.iter().all(|one| one.points[column].is_none()) {
            continue;
        }
        y += LINE + 2.0;
        rows += &text("case", 12.0, y - 4.0, case);
        for one in series {
            let Some(point) = one.points[column] else { continue };
            y += LINE;
            let (top, width) = (y - BAR, x(point.value) - LEFT);
            let class = class(one.name);
            rows += &text("right", LEFT - 8.0, y - 2.0, one.name.name());
            rows += &format!(
                "<rect class=\"bar {class}\" x=\"{LEFT}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\n"
            );
            let mut behind = x(point.value);
            if let Some((low, high)) = point.spread.filter(|(low, high)| high > low) {
                let middle = y - BAR / 2.0;
                rows += &format!(
                    "<line class=\"spread\" x1=\"{:.1}\" y1=\"{middle:.1}\" x2=\"{:.1}\" y2=\"{middle:.1}\"/>\n",
                    x(low),
                    x(high)
                );
                behind = x(high);
            }
            let label = format!("{} {unit}", number(point.value));
            rows += &text("", behind + 6.0, y - 2.0, &label);
        }
    }
    let bottom = y + 8.0;
    let mut axis = String::new();
    for tick in &ticks {
        let at = x(*tick);
        axis += &format!(
            "<line class=\"grid\" x1=\"{at:.1}\" y1=\"{TOP}\" x2=\"{at:.1}\" y2=\"{bottom:.1}\"/>\n"
        );
        axis += &text("quiet middle", at, bottom + 16.0, &written(*tick));
    }
    axis += &text("quiet right", WIDTH - 12.0, bottom + 16.0, unit);
    Some(page(title, bottom + 28.0, &(axis + &rows)))
}
