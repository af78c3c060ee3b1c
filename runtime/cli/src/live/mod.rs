//! `fixate live`: a camera and an eye tracker, or a scene that plays both, answered in real time.

mod bridge;
#[cfg(feature = "camera")]
mod camera;
#[cfg(not(feature = "camera"))]
#[path = "no_camera.rs"]
mod camera;
mod clip;
mod film;
mod gaze_file;
mod journal;
mod pictures;
mod player;
mod recording;
mod report;
mod scene;
mod score;
mod summary;

use crate::arguments::{Live, Record};
use crate::failure::Failure;
use crate::model;
use camera::Camera;
use clip::Clip;
use fixate::engine::gaze::GazeOptions;
use fixate::session::{Session, SessionModel, SessionOptions, answer_in_real_time, now_us};
use journal::Journal;
use player::Player;
use std::path::Path;
use std::time::Duration;

/// From the end of the warm-up to the first frame, microseconds.
const LEAD_US: i64 = 100_000;
/// A scene in which the person looks at things in the picture most of the time.
const USUAL_SEED: u64 = 5;
/// The last prompts are still answered, microseconds.
const TAIL_US: i64 = 100_000;

/// Runs `fixate live`.
pub(crate) fn run(arguments: &Live, json: bool) -> Result<(), Failure> {
    play(arguments, None, json)
}

/// Runs `fixate record`.
pub(crate) fn record(arguments: &Record, json: bool) -> Result<(), Failure> {
    // What cannot be written is told before anything is rendered.
    if let Some(folder) = arguments.file.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::Failed(format!("{}: {error}", folder.display())))?;
    }
    std::fs::File::create(&arguments.file)
        .map_err(|error| Failure::Failed(format!("{}: {error}", arguments.file.display())))?;
    play(&arguments.live, Some(&arguments.file), json)
}

fn play(arguments: &Live, file: Option<&Path>, json: bool) -> Result<(), Failure> {
    // A device that is not there is told before anything is rendered.
    let bridge = arguments.gaze.strip_prefix("bridge:");
    let bridge = bridge.map(bridge::open).transpose()?;
    let options = model::options(&arguments.model)?;
    let (clip, camera) = open(arguments)?;
    let bundle = model::bundle(&arguments.model)?;
    let name = format!("{} {}", bundle.manifest().name, bundle.manifest().version);
    let backend = options.backend.clone();
    let model = model::while_loading(&backend, || SessionModel::of_bundle(&bundle, options))
        .map_err(Failure::of)?;
    let budget_us = (arguments.budget_ms * 1e3) as i64;
    let mut options = session_options(&clip, budget_us);
    options.encoder_nice = arguments.encoder_nice;
    options.real_time_priority = arguments.real_time_priority;
    let (told, masks, tape) = match file.map(|_| recording::ways()) {
        Some(ways) => (Some(ways.told), Some(ways.masks), Some(ways.file)),
        None => (None, None, None),
    };
    options.told = told;
    let session = Session::start(model, &options).map_err(Failure::of)?;
    // The session alone tells now: with its end, the recording ends.
    options.told = None;

    let begin_us = now_us() + LEAD_US;
    let seconds = arguments.seconds.unwrap_or(clip.default_seconds());
    let end_us = begin_us + (seconds * 1e6) as i64;
    let mut journal = Journal::new(budget_us, seconds, arguments.out.is_some());
    journal.masks = masks;
    let bridge = bridge.map(|(bridge, summaries)| {
        journal.summaries = Some(summaries);
        bridge
    });
    let player = &Player::new(&clip, begin_us, end_us);
    let engine_options = *session.engine_options();
    let (stats, told, written, talked, filmed) = std::thread::scope(|scope| {
        let writing = file
            .zip(tape)
            .map(|(file, tape)| scope.spawn(move || tape.write(file, &engine_options, player)));
        let told = std::thread::scope(|inner| {
            let talking = bridge.map(|bridge| {
                let turns = clip.turns.is_empty();
                let (session, intrinsics) = (&session, clip.intrinsics.as_ref());
                inner.spawn(move || bridge.talk(session, end_us, intrinsics, turns))
            });
            let filming = camera.map(|camera| {
                let session = &session;
                inner.spawn(move || camera.play(session, end_us))
            });
            let playing = inner.spawn(|| player.play(&session));
            // It works for less time than the decoder, and goes before it.
            let reader_priority = match arguments.real_time_priority {
                0 => 0,
                decoder => decoder + 1,
            };
            // Started later, the player would go before the camera's thread, too.
            answer_in_real_time("reader", reader_priority);
            while now_us() < end_us + budget_us + TAIL_US {
                journal.take(&session, Duration::from_millis(20), player);
            }
            let filmed = filming.map(|filming| filming.join());
            (
                playing.join(),
                talking.map(|talking| talking.join()),
                filmed,
            )
        });
        let (told, talked, filmed) = told;
        let left = session.stop();
        if left > 0 {
            log::warn!("{left} threads of the session did not end");
        }
        let stats = session.stats();
        drop(session);
        journal.masks = None;
        let written = writing.map(|writing| writing.join());
        (stats, told, written, talked, filmed)
    });
    let ended = |thread: &str| Failure::Failed(format!("the thread that {thread} ended"));
    let mut told = told.map_err(|_| ended("plays the clip"))?;
    if let Some(filmed) = filmed {
        told.refused += filmed.map_err(|_| ended("reads the camera"))??;
    }
    if let Some(talked) = talked {
        talked.map_err(|_| ended("talks to the bridge"))??;
    }
    if let Some(written) = written {
        written.map_err(|_| ended("writes the recording"))??;
        if stats.events_dropped > 0 {
            return Err(Failure::Failed(format!(
                "the recording lacks {} entries, which came faster than they were written; take a faster disk, or a smaller picture",
                stats.events_dropped
            )));
        }
    }
    log::info!("{stats:?}");
    let scores = score::scores(&clip, &journal, &told);
    if let Some(folder) = &arguments.out {
        pictures::write(folder, &clip, &journal, &told)?;
    }
    let report = report::Report::new(name, &clip, &journal, &stats, scores);
    if json {
        return crate::print_json(&report);
    }
    report.tell(budget_us, arguments.out.as_deref());
    Ok(())
}

/// What is played, and the camera if frames come from one.
fn open(arguments: &Live) -> Result<(Clip, Option<Camera>), Failure> {
    let source = arguments.source.as_str();
    let usage = |text: String| Err(Failure::Usage(text));
    if !(arguments.budget_ms > 0.0 && arguments.budget_ms.is_finite()) {
        return usage(format!(
            "a budget of {} ms leaves no time; give more than 0",
            arguments.budget_ms
        ));
    }
    let seed = match source.strip_prefix("scene:") {
        Some(seed) => Some(
            seed.parse()
                .map_err(|_| Failure::Usage(format!("{seed:?} is no seed; give a whole number")))?,
        ),
        None => (source == "scene").then_some(USUAL_SEED),
    };
    let index = match source.strip_prefix("camera:") {
        Some(index) => Some(index.parse().map_err(|_| {
            Failure::Usage(format!("{index:?} is no camera; give its number, from 0"))
        })?),
        None => (source == "camera").then_some(0),
    };
    let needs_gaze = matches!(arguments.gaze.as_str(), "scene" | "exact");
    if index.is_some() && needs_gaze {
        return usage(format!(
            "{source} has no gaze; give --gaze FILE.csv or bridge:PORT"
        ));
    }
    if index.is_some() && arguments.out.is_some() {
        return usage(format!(
            "frames of {source} are not kept, so there are no pictures for --out; leave it away"
        ));
    }
    let mut opened = None;
    let mut clip = match (seed, index) {
        (Some(seed), _) => scene::render(arguments, seed),
        (None, Some(index)) => {
            let (camera, clip) = camera::open(arguments, index)?;
            opened = Some(camera);
            clip
        }
        (None, None) => film::read(arguments, Path::new(source))?,
    };
    match arguments.gaze.as_str() {
        "scene" | "exact" if seed.is_some() => {
            if arguments.gaze == "exact" {
                clip.look_exactly();
            }
        }
        "scene" | "exact" => {
            return usage(format!("{source} has no gaze; give --gaze FILE.csv"));
        }
        // It comes while the clip is played.
        bridge if bridge.starts_with("bridge:") => clip.set_gaze(Vec::new()),
        file => clip.set_gaze(gaze_file::read(Path::new(file))?),
    }
    Ok((clip, opened))
}

fn session_options(clip: &Clip, budget_us: i64) -> SessionOptions {
    let mut options = SessionOptions::default();
    options.engine.budget_us = budget_us;
    options.engine.intrinsics = clip.intrinsics;
    options.expected_size_px = (clip.width as u32, clip.height as u32);
    let mut gaze = GazeOptions::default();
    if let Some(intrinsics) = &clip.intrinsics {
        gaze.px_per_rad = intrinsics.longest_focal_px();
    }
    options.engine.gaze = gaze;
    options
}
