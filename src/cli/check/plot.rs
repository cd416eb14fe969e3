//! How many states random walks met, as a picture.

use crate::bench::PlotError;
use crate::check::report::Report;
use crate::cli::tell::grouped;
use plotters::prelude::*;
use std::path::Path;

const SIZE: (u32, u32) = (900, 540);

/// The name of a curve, its points, and how many states there are, where that is recorded.
struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
    recorded: Option<f64>,
}

#[allow(clippy::cast_precision_loss, reason = "counts, for a picture")]
fn curve(report: &Report) -> Option<Curve> {
    let walks = report.walks.as_ref()?;
    let points = walks.curve.iter().map(|point| (point.walks as f64, point.states as f64));
    let recorded = report.expected.and_then(|expected| expected.unique);
    Some(Curve {
        name: format!("{} {}", report.protocol, report.name()),
        points: points.collect(),
        recorded: recorded.map(|all| all as f64),
    })
}

/// Draws the states that were met over the walks that were made, one curve for each report, with the
/// recorded number of states as a line.
pub(super) fn draw(path: &Path, reports: &[&Report]) -> Result<(), PlotError> {
    let curves: Vec<_> = reports.iter().filter_map(|report| curve(report)).collect();
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let walks = all().map(|(walks, _)| *walks).fold(1.0, f64::max);
    let recorded = curves.iter().filter_map(|curve| curve.recorded);
    let states = all().map(|(_, states)| *states).chain(recorded).fold(1.0, f64::max);
    if curves.is_empty() {
        return Err(PlotError("no walks were made".into()));
    }
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    fill(&area, &curves, (walks, states)).map_err(|error| PlotError(error.to_string()))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Failed = plotters::drawing::DrawingAreaErrorKind<std::io::Error>;

fn fill(area: &Area<'_>, curves: &[Curve], (walks, states): (f64, f64)) -> Result<(), Failed> {
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(area)
        .caption("States that random walks met", ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d(0.0..walks, 0.0..states * 1.05)?;
    #[allow(clippy::cast_sign_loss, reason = "counts")]
    let label = |count: &f64| grouped(count.round() as u64);
    chart
        .configure_mesh()
        .x_desc("walks")
        .y_desc("distinct states; dashed: as recorded by the search of all")
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .light_line_style(WHITE)
        .draw()?;
    for (at, curve) in curves.iter().enumerate() {
        let style = Palette99::pick(at).stroke_width(2);
        let points = [(0.0, 0.0)].into_iter().chain(curve.points.iter().copied());
        chart.draw_series(LineSeries::new(points, style))?.label(&curve.name).legend(
            move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], Palette99::pick(at).stroke_width(2))
            },
        );
        if let Some(all) = curve.recorded {
            // A hundred dashes: half of each is left out.
            let dash = walks / 100.0;
            let dashes = (0..100).map(|number| {
                let from = f64::from(number) * dash;
                PathElement::new([(from, all), (from + dash / 2.0, all)], Palette99::pick(at))
            });
            chart.draw_series(dashes)?;
        }
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()
}
