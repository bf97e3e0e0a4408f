//! How many requests were answered, and how.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chorus_realtime::counters;
use http::StatusCode;

use crate::exposition::Sample;

/// Classes of status codes (RFC 9110, section 15), by their first digit less one.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Counts by route and class. There are as many routes as the router has, whatever is asked for.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    routes: RwLock<HashMap<Arc<str>, [AtomicU64; CLASSES.len()]>>,
}

impl Requests {
    /// Counts an answer. `route`: the pattern that matched, never the path that was asked for.
    pub(crate) fn count(&self, route: &str, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1).min(CLASSES.len() - 1);
        if let Some(counts) = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(route)
        {
            counters::count(&counts[class]);
            return;
        }
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        counters::count(&routes.entry(route.into()).or_default()[class]);
    }

    /// All that is not zero, in order.
    pub(crate) fn read(&self) -> Vec<Sample> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let mut samples = Vec::new();
        for (route, counts) in &*routes {
            for (class, count) in CLASSES.into_iter().zip(counts) {
                let value = count.load(Ordering::Relaxed);
                if value > 0 {
                    let route = route.to_string().into();
                    samples.push(Sample {
                        labels: vec![("route", route), ("status", class.into())],
                        value,
                    });
                }
            }
        }
        samples.sort_by(|a, b| a.labels.cmp(&b.labels));
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_route_and_class() {
        let requests = Requests::default();
        for (route, status) in [("/b", 204), ("/a", 404), ("/b", 200), ("/b", 503), ("/a", 999)] {
            requests.count(route, StatusCode::from_u16(status).unwrap());
        }
        let read: Vec<_> = requests
            .read()
            .into_iter()
            .map(|Sample { labels, value }| {
                (labels[0].1.to_string(), labels[1].1.to_string(), value)
            })
            .collect();
        let expected = [("/a", "4xx", 1), ("/a", "5xx", 1), ("/b", "2xx", 2), ("/b", "5xx", 1)];
        assert_eq!(read, expected.map(|(route, class, n)| (route.to_owned(), class.to_owned(), n)));
    }
}
