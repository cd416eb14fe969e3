//! Latency by percentile, as a picture.

use super::summary::Summary;
use hdrhistogram::Histogram;
use plotters::prelude::*;
use std::path::Path;
use thiserror::Error;

const SIZE: (u32, u32) = (900, 540);
/// The percentiles that have a label, by how many requests there are for each slower one.
const LABELS: [(f64, &str); 7] = [
    (1.0, "0 %"),
    (2.0, "50 %"),
    (10.0, "90 %"),
    (100.0, "99 %"),
    (1e3, "99.9 %"),
    (1e4, "99.99 %"),
    (1e5, "99.999 %"),
];

/// The picture cannot be drawn.
#[derive(Debug, Error)]
#[error("cannot draw the picture: {0}")]
pub struct PlotError(pub(crate) String);

/// A curve: for each percentile, as requests for each slower one, the latency in milliseconds.
fn curve(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    #[expect(clippy::cast_precision_loss, reason = "counts and nanoseconds, for a picture")]
    let (count, millis) = (histogram.len() as f64, |nanos: u64| nanos as f64 / 1e6);
    let points = (0..=400).map(|step| 10_f64.powf(f64::from(step) / 400.0 * count.log10()));
    points.map(|rank| (rank, millis(histogram.value_at_quantile(1.0 - 1.0 / rank)))).collect()
}

/// Draws the latencies of runs, each with a name, into an SVG file.
///
/// # Errors
/// When it cannot be written, or there is nothing to draw.
pub fn draw(path: &Path, title: &str, runs: &[(String, &Summary)]) -> Result<(), PlotError> {
    let curves: Vec<_> = (runs.iter())
        .filter(|(_, run)| run.histogram.len() > 1)
        .map(|(name, run)| (name, curve(&run.histogram)))
        .collect();
    let all = || curves.iter().flat_map(|(_, points)| points);
    let longest = all().map(|(_, latency)| *latency).fold(0.0, f64::max);
    let shortest = all().map(|(_, latency)| *latency).fold(f64::MAX, f64::min);
    let ranks = all().map(|(rank, _)| *rank).fold(10.0, f64::max);
    if curves.is_empty() {
        return Err(PlotError("there are no answers".into()));
    }
    let range = (ranks, shortest.max(1e-3) * 0.8, longest * 1.25);
    fill(&SVGBackend::new(path, SIZE).into_drawing_area(), title, &curves, range)
        .map_err(|error| PlotError(error.to_string()))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Failed = plotters::drawing::DrawingAreaErrorKind<std::io::Error>;

fn fill(
    area: &Area<'_>,
    title: &str,
    curves: &[(&String, Vec<(f64, f64)>)],
    (ranks, shortest, longest): (f64, f64, f64),
) -> Result<(), Failed> {
    area.fill(&WHITE)?;
    let ticks = LABELS.iter().filter(|(rank, _)| *rank <= ranks).map(|(rank, _)| *rank).collect();
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(
            (1.0..ranks).log_scale().with_key_points(ticks),
            (shortest..longest).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc("percentile of requests")
        .y_desc("latency, ms")
        .x_label_formatter(&|rank| label(*rank))
        .y_label_formatter(&|latency| significant(*latency))
        .light_line_style(WHITE)
        .draw()?;
    for (at, (name, points)) in curves.iter().enumerate() {
        let style = Palette99::pick(at).stroke_width(2);
        chart.draw_series(LineSeries::new(points.iter().copied(), style))?.label(*name).legend(
            move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], Palette99::pick(at).stroke_width(2))
            },
        );
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()
}

fn label(rank: f64) -> String {
    let known = LABELS.iter().find(|(known, _)| (known - rank).abs() < known * 1e-6);
    known.map_or_else(String::new, |(_, label)| (*label).into())
}

/// Two digits that count.
fn significant(value: f64) -> String {
    let bounds = [(10.0, 0), (1.0, 1), (0.1, 2), (0.01, 3)];
    let digits = bounds.iter().find(|(bound, _)| value >= *bound).map_or(4, |(_, digits)| *digits);
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_two_digits_that_count() {
        let all = [0.05, 0.5, 1.0, 12.34, 500.0].map(significant);
        assert_eq!(all, ["0.050", "0.50", "1.0", "12", "500"]);
    }

    #[test]
    fn a_curve_ends_at_the_slowest_request() {
        let mut histogram = Histogram::new(3).unwrap();
        (1..=1000).for_each(|ms: u64| histogram.record(ms * 1_000_000).unwrap());
        let curve = curve(&histogram);
        assert!(curve.is_sorted_by(|a, b| a.1 <= b.1));
        assert!(curve.last().unwrap().1 > 998.0);
        let median = curve.iter().find(|(rank, _)| *rank >= 2.0).unwrap().1;
        assert!((490.0..515.0).contains(&median), "{median}");
    }
}
