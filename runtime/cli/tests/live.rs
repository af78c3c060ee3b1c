//! `fixate live`, as it is called.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn live(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_fixate"))
        .args(["live", "--json"])
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What must hold of any run: nothing is lost.
fn check(report: &Value) {
    for name in ["longest_miss_streak", "in_time"] {
        assert!(report[name].is_u64(), "{name}");
    }
    let number = |value: &Value| value.as_u64().unwrap();
    let kinds = &report["kinds"];
    let sum: u64 = ["fresh", "propagated", "held", "none"]
        .iter()
        .map(|kind| number(&kinds[kind]))
        .sum();
    assert_eq!(sum, number(&report["answers"]));
    let answered = number(&report["answers"]) + number(&report["answers_dropped"]);
    assert_eq!(answered, number(&report["prompts"]));
    for times in ["latency_ms", "mask_age_ms"] {
        for quantile in ["p50", "p99", "p999", "max"] {
            assert!(report[times][quantile].is_number(), "{times} {quantile}");
        }
    }
    for count in ["in", "keyframes", "dropped"] {
        assert!(report["frames"][count].is_u64(), "{count}");
    }
}

#[test]
fn a_scene_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let report = live(&[
        "--source",
        "scene:5",
        "--width",
        "320",
        "--height",
        "180",
        "--seconds",
        "3",
        "--clip-seconds",
        "2",
        "--budget-ms",
        "500",
        "--out",
        out,
    ]);
    check(&report);
    assert!(report["prompts"].as_u64().unwrap() > 20, "{report}");
    assert!(report["frames"]["keyframes"].as_u64().unwrap() > 0);
    assert!(report["iou_newest_frame"].as_f64().unwrap() > 0.0);
    assert!(std::fs::read_dir(folder.path()).unwrap().count() > 0);
}

#[test]
fn a_folder_with_a_gaze_file_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3_u32 {
        let picture = image::RgbImage::from_fn(160, 120, |x, y| {
            let bright = (x / 16 + number + y / 16) % 2 * 200;
            image::Rgb([bright as u8, 90, (x % 256) as u8])
        });
        picture
            .save(folder.path().join(format!("{number}.png")))
            .unwrap();
    }
    let gaze = folder.path().join("gaze.csv");
    let mut lines = "time_us,x_px,y_px,valid\n".to_owned();
    for sample in 0..200 {
        lines += &format!("{},80.5,60.0,1\n", sample * 10_000);
    }
    std::fs::write(&gaze, lines).unwrap();
    let paths =
        [folder.path(), gaze.as_path()].map(|path: &Path| path.to_str().unwrap().to_owned());
    let report = live(&[
        "--source",
        &paths[0],
        "--gaze",
        &paths[1],
        "--seconds",
        "2",
        "--budget-ms",
        "500",
    ]);
    check(&report);
    assert!(report["prompts"].as_u64().unwrap() > 20, "{report}");
    assert!(report.get("iou_newest_frame").is_none());
}

#[test]
fn what_cannot_be_played_is_refused() {
    refused(
        &["--source", "camera", "--gaze", "looks.csv", "--out", "x"],
        2,
        "not kept",
    );
    #[cfg(not(feature = "camera"))]
    refused(
        &["--source", "camera:1", "--gaze", "looks.csv"],
        2,
        "--features camera",
    );
    for (arguments, status, part) in [
        (["--source", "camera"], 2, "camera has no gaze"),
        (["--source", "camera:x"], 2, "is no camera"),
        (["--source", "scene:x"], 2, "is no seed"),
        (["--source", "/nowhere"], 2, "/nowhere"),
        (["--budget-ms", "0"], 2, "leaves no time"),
        // Nothing listens there.
        (["--gaze", "bridge:1"], 1, "bridge 127.0.0.1:1"),
        (["--gaze", "bridge:/dev/null"], 1, "bridge /dev/null"),
    ] {
        refused(&arguments, status, part);
    }
}

/// Runs it, which must fail with this status and say this in one line.
fn refused(arguments: &[&str], status: i32, part: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_fixate"))
        .arg("live")
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains(part), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
}
