//! Lines over columns, on a logarithmic scale, each with its name at its end.

use super::scale::{decades, written};
use super::{LINE, Series, WIDTH, class, page, text};

const LEFT: f64 = 64.0;
/// Room for names.
const RIGHT: f64 = 220.0;
const TOP: f64 = 56.0;
const HEIGHT: f64 = 300.0;

/// A picture of at least one line. The names are those of both axes.
pub fn draw(
    title: &str,
    columns: &[&str],
    [along, unit]: [&str; 2],
    series: &[Series],
) -> Option<String> {
    let values = || series.iter().flat_map(|one| one.points.iter().flatten().map(|at| at.value));
    let values = || values().filter(|value| *value > 0.0);
    let ticks = decades(values().reduce(f64::min)?, values().reduce(f64::max)?);
    let (low, high) = (ticks[0].log10(), ticks[ticks.len() - 1].log10());
    let bottom = TOP + HEIGHT;
    let y = |value: f64| bottom - (value.log10() - low) / (high - low) * HEIGHT;
    let step = (WIDTH - LEFT - RIGHT - 40.0) / (columns.len().max(2) - 1) as f64;
    let x = |column: usize| LEFT + 20.0 + column as f64 * step;
    let mut inner = text("quiet right", LEFT - 8.0, TOP - 14.0, unit);
    for tick in &ticks {
        let (at, end) = (y(*tick), WIDTH - RIGHT);
        inner += &format!(
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{end}\" y2=\"{at:.1}\"/>\n"
        );
        inner += &text("quiet right", LEFT - 8.0, at + 4.0, &written(*tick));
    }
    for (column, title) in columns.iter().enumerate() {
        inner += &text("quiet middle", x(column), bottom + 20.0, title);
    }
    inner += &text("quiet middle", (LEFT + WIDTH - RIGHT) / 2.0, bottom + 40.0, along);
    let mut ends = Vec::new();
    for one in series {
        let points = one.points.iter().enumerate().filter_map(|(column, point)| {
            point.filter(|point| point.value > 0.0).map(|point| (x(column), y(point.value)))
        });
        let points: Vec<(f64, f64)> = points.collect();
        let class = class(one.name);
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        inner += &format!("<polyline class=\"line {class}\" points=\"{}\"/>\n", path.join(" "));
        for (x, y) in &points {
            inner +=
                &format!("<circle class=\"dot {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>\n");
        }
        if let Some((_, y)) = points.last() {
            ends.push((*y, one));
        }
    }
    for (at, one) in apart(ends) {
        let (dot, class) = (WIDTH - RIGHT + 12.0, class(one.name));
        inner += &format!("<circle class=\"key {class}\" cx=\"{dot}\" cy=\"{at:.1}\" r=\"4\"/>\n");
        inner += &text("", dot + 9.0, at + 4.0, one.name.name());
    }
    Some(page(title, bottom + 54.0, &inner))
}

/// The same, from top to bottom, no two closer than a line of text.
fn apart<T>(mut ends: Vec<(f64, T)>) -> Vec<(f64, T)> {
    ends.sort_by(|one, two| one.0.total_cmp(&two.0));
    // Up first, so that the lowest stays within the picture, then down from the top.
    let mut limit = TOP + HEIGHT + LINE;
    for (y, _) in ends.iter_mut().rev() {
        *y = y.min(limit - LINE);
        limit = *y;
    }
    let mut limit = TOP - LINE;
    for (y, _) in &mut ends {
        *y = y.max(limit + LINE);
        limit = *y;
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_lie_on_each_other() {
        let ends = apart(vec![(100.0, 'b'), (99.0, 'a'), (355.0, 'd'), (356.0, 'e'), (200.0, 'c')]);
        let order: String = ends.iter().map(|(_, name)| *name).collect();
        assert_eq!(order, "abcde");
        for pair in ends.windows(2) {
            assert!(pair[1].0 - pair[0].0 >= LINE - 1e-9, "{ends:?}");
        }
        assert!(ends.iter().all(|(y, _)| (TOP..=TOP + HEIGHT).contains(y)), "{ends:?}");
    }
}
