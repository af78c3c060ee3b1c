//! Recordings replay to the same answers, are what viewers read, and end where their file does.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

mod virtual_session;

use std::io::Cursor;

use fixate::engine::gaze::{GazePosition, GazeSample};
use fixate::engine::{
    Answer, AnswerKind, Candidate, Candidates, Choice, Drawn, EngineOptions, Event, FrameId,
    FrameNews, JobFailed, JobId, KeyframeId, NoneReason, PromptId, PromptShape, Rung, ThingId,
    ThingMotion, replay,
};
use fixate::frame::{Frame, PixelFormat};
use fixate::geometry::{Bounds, Homography, Point};
use fixate::motion::{Evidence, FlowModel, FrameMotion, Intrinsics, Motion};
use fixate::prompt::{PointLabel, PromptBox, PromptPoint};
use fixate::recording::{
    Disagreement, Entry, Recorder, RecorderOptions, RecordingError, RecordingReader, ReplayReport,
    check,
};
use fixate::source::{FrameBuffer, McapSource, Source, Supply};
use serde_json::Value;
use sha2::{Digest, Sha256};
use virtual_session::{Recorded, record};

fn checked(file: &[u8]) -> ReplayReport {
    check(RecordingReader::new(file).unwrap())
}

#[test]
fn a_recorded_session_replays_to_its_answers_bit_for_bit() {
    let mut kinds = [0_u64; 4];
    for seed in 1..=12 {
        let Recorded {
            file,
            options,
            events,
            answers,
        } = record(seed, 1_500);
        let report = checked(&file);
        assert!(report.agrees(), "{:?}", report.disagreement);
        assert_eq!(report.events, events.len() as u64);
        assert_eq!(report.agreeing, answers.len() as u64);
        assert_eq!(report.recorded, answers.len() as u64);
        assert_eq!(report.counters.answers(), answers.len() as u64);
        let again: Vec<_> = replay(options, &events).collect();
        assert_eq!(again, answers);
        // What is read is what was written.
        let (mut read_events, mut read_answers) = (Vec::new(), Vec::new());
        let reader = RecordingReader::new(&file[..]).unwrap();
        assert_eq!(*reader.options(), options);
        for entry in reader {
            match entry.unwrap() {
                Entry::Event(event) => read_events.push(event),
                Entry::Answer(answer) => read_answers.push(answer),
                entry => panic!("{entry:?}"),
            }
        }
        assert_eq!(read_events, events);
        assert_eq!(read_answers, answers);
        for answer in &answers {
            kinds[match answer.kind {
                AnswerKind::Fresh => 0,
                AnswerKind::Propagated => 1,
                AnswerKind::Held => 2,
                AnswerKind::None(_) => 3,
            }] += 1;
        }
    }
    assert!(kinds.iter().all(|&count| count > 5), "{kinds:?}");
}

#[test]
fn a_replay_that_differs_says_where() {
    let recorded = record(3, 800);
    let rewritten = |change: &dyn Fn(usize, &Entry) -> Option<Entry>| {
        let options = RecorderOptions::default();
        let output = Cursor::new(Vec::new());
        let mut recorder = Recorder::new(output, &recorded.options, options).unwrap();
        let reader = RecordingReader::new(&recorded.file[..]).unwrap();
        for (index, entry) in reader.enumerate() {
            match change(index, &entry.unwrap()) {
                Some(Entry::Event(event)) => recorder.on_event(&event).unwrap(),
                Some(Entry::Answer(answer)) => recorder.on_answer(&answer).unwrap(),
                Some(Entry::Lost(count)) => recorder.on_lost(count).unwrap(),
                _ => {}
            }
        }
        checked(&recorder.finish().unwrap().into_inner())
    };
    assert!(rewritten(&|_, entry| Some(*entry)).agrees());
    // The lowest bit of one answer's numbers.
    let changed = rewritten(&|_, entry| match *entry {
        Entry::Answer(mut answer) => {
            if let Some(drawn) = &mut answer.drawn {
                drawn.deviation_px = f64::from_bits(drawn.deviation_px.to_bits() ^ 1);
            }
            Some(Entry::Answer(answer))
        }
        entry => Some(entry),
    });
    assert!(matches!(
        changed.disagreement,
        Some(Disagreement::Differs { .. })
    ));
    // A job's result that is missing.
    let missing = rewritten(&|_, entry| match entry {
        Entry::Event(Event::Decoded { .. }) => None,
        entry => Some(*entry),
    });
    assert!(!missing.agrees() && missing.disagreement.is_some());
    // No answers, and answers to nothing.
    let silent = rewritten(&|_, entry| matches!(entry, Entry::Event(_)).then_some(*entry));
    assert!(matches!(
        silent.disagreement,
        Some(Disagreement::NotRecorded { index: 0, .. })
    ));
    let invented = rewritten(&|_, entry| matches!(entry, Entry::Answer(_)).then_some(*entry));
    assert!(matches!(
        invented.disagreement,
        Some(Disagreement::NotReplayed { index: 0, .. })
    ));
    // After a gap nothing is compared, and the recording does not count as agreeing.
    let gap = rewritten(&|index, entry| Some(if index == 500 { Entry::Lost(7) } else { *entry }));
    assert!(!gap.agrees() && gap.disagreement.is_none());
    assert_eq!(gap.lost, 7);
    assert!(gap.agreeing > 0 && gap.agreeing <= gap.recorded);
}

/// One entry of every kind, with something in every place.
fn entries() -> Vec<Entry> {
    let motion = Motion::exact(Homography::translation(1.5, -0.1));
    let candidate = Candidate {
        index: 3,
        predicted_iou: 0.875,
        stability: 0.5,
        area_px: 1_234.0,
        bounds: Some(Bounds::of_image(64, 48)),
        agreement: Some(0.25),
    };
    let candidates = Candidates::new(&[candidate]);
    let mut shape = PromptShape::bounds(PromptBox {
        x0_px: 1.0,
        y0_px: 2.0,
        x1_px: 3.0,
        y1_px: 4.0,
    });
    let point = PromptPoint {
        x_px: 5.0,
        y_px: 6.0,
        label: PointLabel::Background,
    };
    shape.push(point).unwrap();
    let news = FrameNews {
        frame: FrameId(7),
        capture_us: -8,
        width_px: 640,
        height_px: 480,
        sharpness: Some(9.5),
        motion: Some(FrameMotion {
            source_us: -100,
            target_us: -8,
            motion: Some(motion),
            evidence: Evidence::Flow {
                model: FlowModel::Similarity,
                corners: 200,
                inlier_share: 0.75,
            },
        }),
        thing: Some(ThingMotion {
            thing: ThingId(24),
            motion,
        }),
    };
    let sample = GazeSample {
        position: GazePosition::Tracker(Point::new(10.0, 11.0)),
        confidence: Some(0.5),
        ..GazeSample::at(12, 0.0, 0.0)
    };
    let drawn = Drawn {
        job: JobId(13),
        decoded_for: PromptId(14),
        rung: Rung::Window,
        keyframe: KeyframeId(15),
        keyframe_us: 16,
        frame: FrameId(17),
        frame_us: 18,
        frame_from_keyframe: motion,
        candidates,
        choice: Choice {
            position: 0,
            margin: f32::INFINITY,
            remembered: true,
        },
        deviation_px: 19.0,
    };
    let answer = Answer {
        prompt: PromptId(14),
        kind: AnswerKind::Propagated,
        drawn: Some(drawn),
        prompt_us: 20,
        deadline_us: 21,
        answered_us: 22,
        mask_age_us: Some(23),
        frame_age_us: None,
        camera_stalled: false,
    };
    let none = |reason| Answer {
        kind: AnswerKind::None(reason),
        drawn: None,
        ..answer
    };
    let now_us = 24;
    let (job, keyframe) = (JobId(25), KeyframeId(26));
    let mut options = EngineOptions::default();
    options.intrinsics = Intrinsics::new(500.0, 501.0, 320.0, 240.0).ok();
    let events = [
        Event::Frame { now_us, news },
        Event::Prompt {
            now_us,
            frame: FrameId(27),
            shape,
            budget_us: Some(28),
        },
        Event::Gaze { now_us, sample },
        Event::Imu {
            now_us,
            time_us: 29,
            rate_rad_s: [0.1, -0.0, f64::MIN_POSITIVE],
        },
        Event::Encoded {
            now_us,
            keyframe,
            result: Err(JobFailed),
        },
        Event::EncoderReplaced { now_us },
        Event::Decoded {
            now_us,
            job,
            result: Ok(candidates),
        },
        Event::DecoderReplaced { now_us },
        Event::Moved {
            now_us,
            job,
            result: Ok(()),
        },
        Event::AskKeyframe,
        Event::Poll { now_us },
    ];
    let answers = [
        answer,
        none(NoneReason::FrameSizeChanged),
        none(NoneReason::Superseded { by: PromptId(30) }),
    ];
    [Entry::Began(options), Entry::Lost(31)]
        .into_iter()
        .chain(events.map(Entry::Event))
        .chain(answers.map(Entry::Answer))
        .collect()
}

/// If this changes, recordings of before are read wrongly: raise the format's number with it.
#[test]
fn the_format_has_not_changed() {
    let mut hash = Sha256::new();
    for entry in entries() {
        let bytes = postcard::to_allocvec(&entry).unwrap();
        assert_eq!(postcard::from_bytes::<Entry>(&bytes).unwrap(), entry);
        hash.update(bytes);
    }
    let digest: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        (fixate::recording::FORMAT, &digest[..16]),
        (2, "71d3a67758588768")
    );
}

#[test]
fn a_file_that_breaks_off_is_used_up_to_there() {
    let recorded = record(9, 1_200);
    let whole = checked(&recorded.file);
    let mut used = 0;
    for share in 1..40 {
        let cut = &recorded.file[..recorded.file.len() * share / 40];
        let Ok(reader) = RecordingReader::new(cut) else {
            continue;
        };
        let report = check(reader);
        assert!(!report.agrees());
        assert!(report.disagreement.is_none(), "{:?}", report.disagreement);
        assert!(matches!(
            report.broken,
            Some(RecordingError::Truncated { position_bytes }) if position_bytes == cut.len() as u64
        ));
        assert!(report.events >= used && report.events <= whole.events);
        used = report.events;
    }
    assert!(used > whole.events / 2, "{used} of {}", whole.events);
    assert!(matches!(
        RecordingReader::new(&b""[..]),
        Err(RecordingError::Truncated { .. })
    ));
    assert!(matches!(
        RecordingReader::new(&[7; 5000][..]),
        Err(RecordingError::Damaged { .. })
    ));
}

#[test]
fn hostile_bytes_are_refused_or_replayed_but_never_panic() {
    let recorded = record(21, 120).file;
    let mut state = 77_u64;
    let mut next = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    for _ in 0..1_500 {
        let mut bytes = recorded.clone();
        for _ in 0..=next(6) {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes[at] = next(256) as u8,
                1 => bytes[at] ^= 1 << next(8),
                2 => {
                    let value = [0_u64, u64::MAX, 1 << 40, 12][next(4)].to_le_bytes();
                    let end = bytes.len().min(at + 8);
                    bytes[at..end].copy_from_slice(&value[..end - at]);
                }
                _ => {
                    let end = bytes.len().min(at + next(50));
                    bytes.drain(at..end);
                }
            }
        }
        if let Ok(reader) = RecordingReader::new(&bytes[..]) {
            let _ = check(reader);
        }
        let mut source = McapSource::new(&bytes[..], "hostile", None);
        let mut buffer = FrameBuffer::new();
        let asked =
            (0..10_000).take_while(|_| !matches!(source.next_into(&mut buffer), Ok(Supply::Ended)));
        assert!(asked.count() < 10_000);
    }
}

/// Whether every field of a value is in its schema, and every field of the schema in the value.
fn is_described(value: &Value, schema: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            let described = schema["properties"].as_object().unwrap();
            let known = |(key, value): (&String, &Value)| {
                described
                    .get(key)
                    .is_some_and(|schema| is_described(value, schema))
            };
            fields.len() == described.len() && fields.iter().all(known)
        }
        Value::Array(values) => values
            .iter()
            .all(|value| is_described(value, &schema["items"])),
        _ => true,
    }
}

/// The messages of a topic, as a viewer sees them.
fn messages(file: &[u8], topic: &str) -> Vec<(String, Value)> {
    let stream = mcap::MessageStream::new(file).unwrap();
    stream
        .map(Result::unwrap)
        .filter(|message| message.channel.topic == topic)
        .map(|message| {
            let schema = message.channel.schema.as_ref().unwrap();
            assert_eq!(schema.encoding, "jsonschema");
            let described: Value = serde_json::from_slice(&schema.data).unwrap();
            assert_eq!(described["title"], schema.name);
            assert_eq!(described["type"], "object");
            let value: Value = serde_json::from_slice(&message.data).unwrap();
            assert!(is_described(&value, &described), "{value} by {described}");
            (schema.name.clone(), value)
        })
        .collect()
}

#[test]
fn what_is_for_people_has_the_schemas_of_viewers() {
    let file = record(4, 900).file;
    for (topic, schema) in [
        ("/fixate/gaze", "fixate.Gaze"),
        ("/fixate/gaze/annotations", "foxglove.ImageAnnotations"),
        ("/fixate/imu", "fixate.Imu"),
        ("/fixate/answers", "fixate.Answer"),
        ("/fixate/masks", "fixate.Mask"),
        ("/fixate/masks/annotations", "foxglove.ImageAnnotations"),
    ] {
        let found = messages(&file, topic);
        assert!(found.len() > 5, "{topic}: {}", found.len());
        assert!(found.iter().all(|(name, _)| name == schema), "{topic}");
    }
    let (_, mask) = &messages(&file, "/fixate/masks")[0];
    assert_eq!(mask["rle"]["size"], serde_json::json!([48, 64]));
    assert_eq!(mask["bbox"], serde_json::json!([21, 0, 39, 30]));
    let (_, drawn) = &messages(&file, "/fixate/masks/annotations")[0];
    for list in ["circles", "points", "texts"] {
        let (_, annotations) = &messages(&file, "/fixate/gaze/annotations")[0];
        let shown = [&drawn[list], &annotations[list]];
        assert!(
            shown
                .iter()
                .any(|list| !list.as_array().unwrap().is_empty()),
            "{list}"
        );
    }
    assert_eq!(drawn["points"][0]["type"], 2);
    // The corner of the first pixel is (0, 0) there, so that its centre is (0.5, 0.5).
    assert_eq!(drawn["points"][0]["points"][0]["x"], 21.5);
    let text = drawn["texts"][0]["text"].as_str().unwrap();
    assert!(text.contains("0."), "{text}");
}

#[test]
fn frames_come_back_as_a_source() {
    let options = EngineOptions::default();
    let output = Cursor::new(Vec::new());
    let mut recorder = Recorder::new(output, &options, RecorderOptions::default()).unwrap();
    for index in 0..3_i64 {
        let pixels = vec![40 + 60 * index as u8; 32 * 16 * 3];
        let frame = Frame::contiguous(PixelFormat::Bgr8, 32, 16, &pixels, 33_000 * index).unwrap();
        recorder.write_frame(&frame).unwrap();
    }
    let file = recorder.finish().unwrap().into_inner();
    let mut source = McapSource::new(&file[..], "recording", None);
    let mut buffer = FrameBuffer::new();
    for index in 0..3_i64 {
        assert_eq!(source.next_into(&mut buffer).unwrap(), Supply::Frame);
        let frame = buffer.frame().unwrap();
        assert_eq!((frame.width_px(), frame.height_px()), (32, 16));
        assert_eq!(frame.capture_time_us(), 33_000 * index);
        let value = 40 + 60 * index as u8;
        assert!(frame.to_rgb8().iter().all(|byte| byte.abs_diff(value) < 3));
    }
    assert_eq!(source.next_into(&mut buffer).unwrap(), Supply::Ended);
    assert_eq!(source.topic(), Some("/camera/image"));
}
