//! The figures as SVG files.

use crate::results::{Boot, Singles};
use anyhow::{Result, anyhow};
use plotters::prelude::*;
use std::path::Path;

const SIZE: (u32, u32) = (720, 360);
const OPERATOR: RGBColor = RGBColor(31, 119, 180);
const FLOOR: RGBColor = RGBColor(140, 140, 140);

/// A curve: name, colour, points.
type Curve<'a> = (&'a str, RGBColor, Vec<(f64, f64)>);

/// Answered writes over time during a boot.
///
/// # Errors
/// When the file cannot be written.
pub fn boot(path: &Path, title: &str, boot: &Boot) -> Result<()> {
    let points = |progress: &[(f64, usize)]| progress.iter().map(|(at, writes)| (*at, *writes as f64)).collect();
    let curves = [("operator", OPERATOR, points(&boot.progress)), ("floor", FLOOR, points(&boot.floor_progress))];
    draw(path, title, ("seconds since the start", "writes answered"), &curves, None)
}

/// Part of the changes that took at most so long.
///
/// # Errors
/// When the file cannot be written.
pub fn delays(path: &Path, title: &str, singles: &Singles) -> Result<()> {
    let points = |all: &[f64]| {
        let part = |nth: usize| (nth + 1) as f64 / all.len() as f64 * 100.0;
        all.iter().enumerate().map(|(nth, delay)| (*delay, part(nth))).collect()
    };
    let curves = [("operator", OPERATOR, points(&singles.delay.all)), ("floor", FLOOR, points(&singles.floor.all))];
    // A single outlier must not press the rest against the axis.
    let most = (singles.delay.p99.max(singles.floor.p99) * 1.5).max(1.0);
    draw(path, title, ("milliseconds from the change to the controller's request", "% of changes"), &curves, Some(most))
}

fn draw(path: &Path, title: &str, labels: (&str, &str), curves: &[Curve<'_>], right: Option<f64>) -> Result<()> {
    let points = || curves.iter().flat_map(|(_, _, points)| points);
    let right = right.unwrap_or_else(|| points().map(|(x, _)| *x).fold(0.0, f64::max) * 1.02);
    let top = points().map(|(_, y)| *y).fold(0.0, f64::max) * 1.05;
    let failed = |error: &dyn std::fmt::Display| anyhow!("cannot draw {}: {error}", path.display());
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|e| failed(&e))?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..right, 0.0..top)
        .map_err(|e| failed(&e))?;
    let mut mesh = chart.configure_mesh();
    mesh.x_desc(labels.0).y_desc(labels.1).light_line_style(WHITE).draw().map_err(|e| failed(&e))?;
    for (name, colour, points) in curves {
        let shown = points.iter().copied().filter(|(x, _)| *x <= right);
        let series = chart.draw_series(LineSeries::new(shown, colour.stroke_width(2))).map_err(|e| failed(&e))?;
        let colour = *colour;
        series.label(*name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::LowerRight).border_style(BLACK).background_style(WHITE);
    legend.draw().map_err(|e| failed(&e))?;
    area.present().map_err(|e| failed(&e))
}
