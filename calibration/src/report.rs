//! What people read of a calibration: a table, and a plot.

use std::fmt::Write;

use crate::record::{Record, Verdict};

/// The report as Markdown.
#[must_use]
pub fn table(record: &Record) -> String {
    let mut text = String::new();
    let quantised = record.layers.iter().filter(|layer| layer.quantised).count();
    // Writing into a text does not fail.
    let _ = writeln!(
        text,
        "# Calibration\n\n{quantised} of {} layers are computed in int8, {:.1} % of the multiply-adds. Ranges: {:?}, for {:?}; images: {} ({} to calibrate, {} held out).\n",
        record.layers.len(),
        100.0 * record.quantised_share(),
        record.method,
        record.target,
        record.images.source,
        record.images.calibration,
        record.images.held_out,
    );
    text += "| images | prompts | mask IoU with f32 | mIoU | mIoU of f32 | points lost |\n|-|-|-|-|-|-|\n";
    row(&mut text, "calibration", &record.calibration);
    row(&mut text, "held out", &record.held_out);
    text += "\n![Error of each layer](report.svg)\n\n## Layers\n\nThe error is that of the embedding with this layer alone in int8, below the embedding's own strength.\n\n";
    text += "| layer | int8 | error, dB | multiply-adds, 10^6 |\n|-|-|-|-|\n";
    for layer in &record.layers {
        let error = layer
            .signal_to_noise_db
            .map_or("".to_owned(), |error| format!("{:.1}", -error));
        let _ = writeln!(
            text,
            "| {} | {} | {error} | {:.1} |",
            layer.name.replace('|', "\\|"),
            if layer.quantised { "yes" } else { "no" },
            layer.multiply_adds as f64 / 1e6,
        );
    }
    if !record.trials.is_empty() {
        text +=
            "\n## Trials\n\n| layers kept in float | mask IoU with f32 | points lost |\n|-|-|-|\n";
        for trial in &record.trials {
            let _ = writeln!(
                text,
                "| {} | {:.4} | {:.2} |",
                trial.float_layers,
                trial.verdict.iou_with_f32,
                trial.verdict.lost_points()
            );
        }
    }
    text
}

fn row(text: &mut String, name: &str, verdict: &Verdict) {
    let known = |value: Option<f64>| value.map_or("".to_owned(), |value| format!("{value:.4}"));
    let lost = verdict.miou_error.map_or("".to_owned(), |error| {
        format!("{:.2} ± {:.2}", verdict.lost_points(), 100.0 * error)
    });
    let _ = writeln!(
        text,
        "| {name} | {} | {:.4} | {} | {} | {lost} |",
        verdict.prompts,
        verdict.iou_with_f32,
        known(verdict.miou),
        known(verdict.miou_f32),
    );
}

/// Pixels of a bar's height, with its gap.
const ROW_PX: usize = 18;
/// Pixels that names have.
const NAMES_PX: usize = 330;
/// Pixels of the longest bar.
const BARS_PX: f64 = 520.0;

/// The error of each layer as an SVG picture: the longer the bar, the more the layer hurts.
#[must_use]
pub fn plot(record: &Record) -> String {
    let errors: Vec<f64> = record
        .layers
        .iter()
        .filter_map(|layer| layer.signal_to_noise_db)
        .collect();
    let quietest = errors.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let loudest = errors.iter().copied().fold(f64::INFINITY, f64::min);
    let span = (quietest - loudest).max(1.0) * 1.05;
    let height = ROW_PX * (record.layers.len() + 3);
    let width = NAMES_PX + BARS_PX as usize + 80;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"8\" y=\"16\" font-size=\"14\">Error of the embedding with one layer in int8, dB</text>\n"
    );
    for (colour, x, label) in [
        ("#2a78b8", 8, "computed in int8"),
        ("#c8553d", 150, "kept in float"),
    ] {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"24\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{}\" y=\"34\">{label}</text>",
            x + 18
        );
    }
    for (index, layer) in record.layers.iter().enumerate() {
        let y = ROW_PX * (index + 2) + 8;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            NAMES_PX - 6,
            y + 11,
            escaped(&shortened(&layer.name))
        );
        let Some(strength) = layer.signal_to_noise_db else {
            continue;
        };
        let colour = if layer.quantised {
            "#2a78b8"
        } else {
            "#c8553d"
        };
        let length = (BARS_PX * (quietest - strength + 0.05 * span) / span).max(1.0);
        let _ = writeln!(
            svg,
            "<rect x=\"{NAMES_PX}\" y=\"{y}\" width=\"{length:.1}\" height=\"{}\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{}\">{:.1}</text>",
            ROW_PX - 4,
            NAMES_PX as f64 + length + 4.0,
            y + 11,
            -strength
        );
    }
    svg + "</svg>\n"
}

/// The end of a long name, which tells more than its beginning.
fn shortened(name: &str) -> String {
    const MOST: usize = 46;
    let count = name.chars().count();
    match count > MOST {
        true => format!(
            "…{}",
            name.chars().skip(count - MOST + 1).collect::<String>()
        ),
        false => name.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
