//! Gaze from a file: lines of `time_us,x_px,y_px[,valid]`.

use super::clip::Look;
use crate::failure::Failure;
use std::path::Path;

/// Reads a file of gaze samples.
pub(super) fn read(path: &Path) -> Result<Vec<Look>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    parse(&text).map_err(|reason| Failure::file(path, reason))
}

fn parse(text: &str) -> Result<Vec<Look>, String> {
    let mut looks: Vec<Look> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let columns: Vec<&str> = line.split(',').map(str::trim).collect();
        let heading = index == 0 && columns[0].parse::<f64>().is_err();
        if heading || line.trim().is_empty() {
            continue;
        }
        let wrong =
            |what: &str| format!("line {}: {what}; give time_us,x_px,y_px[,valid]", index + 1);
        let (3 | 4) = columns.len() else {
            return Err(wrong(&format!("{} columns", columns.len())));
        };
        let time_us: i64 = columns[0]
            .parse()
            .map_err(|_| wrong(&format!("{:?} is no time", columns[0])))?;
        let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        let valid = match columns.get(3) {
            None | Some(&("1" | "true")) => true,
            Some(&("0" | "false")) => false,
            Some(other) => return Err(wrong(&format!("{other:?} is neither 1 nor 0"))),
        };
        let pixel = match (number(columns[1]), number(columns[2])) {
            (Some(x), Some(y)) => [x, y],
            // Where the eyes were not seen, any place will do.
            _ if !valid => [0.0, 0.0],
            _ => return Err(wrong("no pixel")),
        };
        if looks.last().is_some_and(|before| before.time_us >= time_us) {
            return Err(wrong("the time is not later than the one before"));
        }
        looks.push(Look {
            time_us,
            pixel,
            valid,
            truth: None,
        });
    }
    if looks.is_empty() {
        return Err("no samples are in it; give lines of time_us,x_px,y_px[,valid]".to_owned());
    }
    Ok(looks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_looks() {
        let looks =
            parse("time_us,x_px,y_px,valid\n0, 10.5, 20, 1\n\n8333,,,0\n16666,3,4\n").unwrap();
        assert_eq!(looks.len(), 3);
        assert_eq!((looks[0].pixel, looks[0].valid), ([10.5, 20.0], true));
        assert!(!looks[1].valid && looks[2].valid);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, part) in [
            ("0,1\n", "line 1: 2 columns"),
            ("0,1,2\nx,1,2\n", "line 2"),
            ("0,1,nan\n", "no pixel"),
            ("5,1,2\n5,1,2\n", "line 2: the time is not later"),
            ("0,1,2,maybe\n", "neither"),
            ("", "no samples"),
        ] {
            let reason = parse(text).unwrap_err();
            assert!(reason.contains(part), "{reason}");
        }
    }
}
