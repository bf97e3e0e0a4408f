use std::time::Duration;

use super::*;
use crate::histogram::Histogram;
use crate::scenario;

/// What is drawn of two servers in two cases, of which one has no second.
fn drawn(picture: Picture) -> String {
    let mut readings = Readings::default();
    for (name, case, values) in [
        (Name::Floor, "100 B", [2.0, 3.0]),
        (Name::Chorus, "100 B", [4.0, 4.0]),
        (Name::Chorus, "1 KiB", [8.0, 10.0]),
    ] {
        values.into_iter().for_each(|value| readings.add(name, case, Measure::CPU, value));
        let mut latency = Histogram::default();
        (1..=1000).for_each(|millis| latency.record(Duration::from_millis(millis)));
        readings.add_latency(name, case, &latency);
    }
    let names = [Name::Floor, Name::Chorus, Name::Node];
    picture.draw(&scenario::payloads::SCENARIO, &names, &readings).unwrap()
}

/// The names and classes of all elements, which must be closed in turn.
fn elements(svg: &str) -> Vec<String> {
    let (mut open, mut seen) = (Vec::new(), Vec::new());
    for tag in svg.split('<').skip(1).map(|rest| rest.split_once('>').unwrap().0) {
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{svg}");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap();
        if !tag.ends_with('/') {
            open.push(name);
        }
        let class =
            tag.split_once("class=\"").map_or("", |(_, rest)| rest.split_once('"').unwrap().0);
        seen.push(format!("{name} {class}"));
    }
    assert!(open.is_empty(), "{open:?} is not closed");
    seen
}

fn count(elements: &[String], wanted: &str) -> usize {
    elements.iter().filter(|element| *element == wanted).count()
}

#[test]
fn bars_are_as_long_as_their_values() {
    let svg = drawn(Picture::Bars { measure: Measure::CPU, cases: &["100 B", "1 KiB"] });
    let elements = elements(&svg);
    assert_eq!(count(&elements, "rect bar floor"), 1);
    assert_eq!(count(&elements, "rect bar chorus"), 2);
    assert_eq!(count(&elements, "rect bar node"), 0, "was not measured");
    let widths: Vec<f64> = svg
        .split("<rect class=\"bar")
        .skip(1)
        .map(|rest| rest.split_once("width=\"").unwrap().1.split_once('"').unwrap().0)
        .map(|width| width.parse().unwrap())
        .collect();
    // 2.5, 4 and 9, with one digit behind the point.
    assert!((widths[1] / widths[0] - 1.6).abs() < 0.01, "{widths:?}");
    assert!((widths[2] / widths[0] - 3.6).abs() < 0.01, "{widths:?}");
    for label in ["2.50 µs", "4.00 µs", "9.00 µs", "100 B", "1 KiB", ">Chorus<"] {
        assert!(svg.contains(label), "{label} is not in {svg}");
    }
}

#[test]
fn lines_leave_out_what_was_not_measured() {
    let svg = drawn(Picture::Lines { measure: Measure::CPU, along: "bytes" });
    let elements = elements(&svg);
    assert_eq!(count(&elements, "polyline line chorus"), 1);
    assert_eq!(count(&elements, "circle dot chorus"), 2);
    assert_eq!(count(&elements, "circle dot floor"), 1);
    assert!(svg.contains("bytes") && svg.contains("µs"), "{svg}");
}

#[test]
fn curves_rise_to_the_longest() {
    let svg = drawn(Picture::Curves { case: "1 KiB" });
    let points = svg.split_once("points=\"").unwrap().1.split_once('"').unwrap().0;
    let heights = points.split(' ').map(|point| point.split_once(',').unwrap().1);
    let heights: Vec<f64> = heights.map(|height| height.parse().unwrap()).collect();
    assert_eq!(heights.len(), SHARES.len());
    assert!(heights.is_sorted_by(|before, after| before >= after), "{heights:?} must go up");
    assert!(svg.contains("99.9 %") && svg.contains("longest"), "{svg}");
}

#[test]
fn nothing_to_show_is_no_picture() {
    let picture = Picture::Curves { case: "1 KiB" };
    let readings = Readings::default();
    assert_eq!(picture.draw(&scenario::payloads::SCENARIO, &Name::ALL, &readings), None);
}

#[test]
fn every_picture_has_a_file_of_its_own() {
    let mut files: Vec<String> = scenario::ALL
        .iter()
        .flat_map(|scenario| scenario.pictures.iter().map(|picture| picture.file(scenario)))
        .collect();
    let all = files.len();
    files.sort_unstable();
    files.dedup();
    assert_eq!(files.len(), all, "{files:?}");
    assert!(files.contains(&"rooms-latency-1-s-each".to_owned()), "{files:?}");
}
