//! `fixate replay` on recordings of made-up sessions: whole, changed, cut short, and none at all.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

#[path = "../../tests/virtual_session/mod.rs"]
mod virtual_session;

use fixate::engine::Event;
use fixate::recording::{Recorder, RecorderOptions};
use serde_json::Value;
use std::io::Cursor;
use std::process::{Command, Output};
use virtual_session::{Recorded, record};

fn replay(file: &[u8], arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.mcap");
    std::fs::write(&path, file).unwrap();
    Command::new(env!("CARGO_BIN_EXE_fixate"))
        .arg("replay")
        .arg(&path)
        .args(arguments)
        .output()
        .unwrap()
}

/// Fails with status 1 and one line that contains every one of `words`; what was printed.
fn refused(file: &[u8], words: &[&str]) -> Option<Value> {
    let output = replay(file, &["--json"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(told.trim_end().lines().count(), 1, "{told}");
    for word in words.iter().chain(&["session.mcap"]) {
        assert!(told.contains(word), "{word:?} is not in {told:?}");
    }
    serde_json::from_slice(&output.stdout).ok()
}

#[test]
fn a_recording_replays_to_its_answers() {
    let Recorded {
        file,
        events,
        answers,
        ..
    } = record(11, 900);
    let output = replay(&file, &["--json"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["agrees"], true);
    assert_eq!(report["events"], events.len());
    assert_eq!(report["answers"], answers.len());
    assert_eq!(report["prompts"], answers.len());
    assert_eq!(report["agreeing_answers"], answers.len());
    let kinds = report["kinds"].as_object().unwrap();
    let sum: u64 = kinds.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(sum, answers.len() as u64);
    for name in ["latency_ms", "mask_age_ms"] {
        for quantile in ["p50", "p99", "p999", "max"] {
            assert!(report[name][quantile].is_number(), "{name} {quantile}");
        }
    }
    let output = replay(&file, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("replay to the same bits"), "{text}");
}

#[test]
fn a_recording_that_was_changed_does_not() {
    let Recorded {
        options,
        events,
        answers,
        ..
    } = record(12, 900);
    let output = Cursor::new(Vec::new());
    let mut recorder = Recorder::new(output, &options, RecorderOptions::default()).unwrap();
    for event in &events {
        if !matches!(event, Event::Encoded { .. }) {
            recorder.on_event(event).unwrap();
        }
    }
    for answer in &answers {
        recorder.on_answer(answer).unwrap();
    }
    let file = recorder.finish().unwrap().into_inner();
    let report = refused(&file, &["answer", "prompt", "replay"]).unwrap();
    assert_eq!(report["agrees"], false);
    assert!(report["difference"].is_string());
}

#[test]
fn a_recording_that_breaks_off_is_told_up_to_there() {
    let file = record(13, 900).file;
    let report = refused(&file[..file.len() / 2], &["breaks off", "copy"]).unwrap();
    assert_eq!(report["agrees"], false);
    assert!(report["events"].as_u64().unwrap() > 100);
    assert_eq!(report["agreeing_answers"], report["recorded_answers"]);
}

#[test]
fn what_is_no_recording_is_named() {
    assert_eq!(refused(b"", &["byte 0"]), None);
    assert_eq!(refused(&[1; 3000], &["not an MCAP file"]), None);
    let other = mcap_without_engine();
    assert_eq!(refused(&other, &["/fixate/engine"]), None);
    let missing = Command::new(env!("CARGO_BIN_EXE_fixate"))
        .args(["replay", "nowhere.mcap"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&missing.stderr);
    assert_eq!(missing.status.code(), Some(1));
    assert!(told.contains("nowhere.mcap"), "{told}");
}

/// The shortest MCAP file: a header, the end of its data, a footer.
fn mcap_without_engine() -> Vec<u8> {
    const MAGIC: &[u8] = b"\x89MCAP0\r\n";
    let record = |opcode: u8, content: &[u8]| {
        let length = (content.len() as u64).to_le_bytes();
        [&[opcode][..], &length, content].concat()
    };
    [
        MAGIC,
        &record(1, &[0; 8]),
        &record(15, &[0; 4]),
        &record(2, &[0; 20]),
        MAGIC,
    ]
    .concat()
}
