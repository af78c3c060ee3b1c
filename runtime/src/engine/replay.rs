//! A recording played once more.

use super::answer::Answer;
use super::event::Event;
use super::machine::Engine;
use super::options::EngineOptions;

/// All answers of an engine with these options to these events, in the order in which they were given:
/// bit for bit those of the engine that was recorded, on the same kind of machine. On another, its
/// mathematical library may round a gyroscope's sines differently.
///
/// ```
/// use fixate::engine::{EngineOptions, Event, FrameId, FrameNews, PromptShape, replay};
///
/// let news = FrameNews {
///     frame: FrameId(1),
///     capture_us: 0,
///     width_px: 640,
///     height_px: 480,
///     sharpness: None,
///     motion: None,
///     thing: None,
/// };
/// let shape = PromptShape::point(320.0, 240.0);
/// let events = [
///     Event::Frame { now_us: 0, news },
///     Event::Prompt { now_us: 1_000, frame: FrameId(1), shape, budget_us: None },
///     Event::Poll { now_us: 10_500 },
/// ];
/// // No encoder has reported a keyframe, so there is no mask.
/// let answers: Vec<_> = replay(EngineOptions::default(), &events).collect();
/// assert!(answers.len() == 1 && answers[0].drawn.is_none());
/// ```
pub fn replay<'a>(
    options: EngineOptions,
    events: impl IntoIterator<Item = &'a Event>,
) -> impl Iterator<Item = Answer> {
    let mut engine = Engine::new(options);
    events.into_iter().flat_map(move |event| {
        let outcome = engine.on_event(event);
        let mut answers = [None; super::actions::MOST_OPEN];
        for (slot, answer) in answers.iter_mut().zip(outcome.answers()) {
            *slot = Some(*answer);
        }
        answers.into_iter().flatten()
    })
}
