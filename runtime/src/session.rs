//! The real-time session: threads, slots and the clock around an [`Engine`](crate::engine::Engine).
//!
//! | thread | what it does |
//! |-|-|
//! | camera | gray pyramid of the newest frame, motion since the one before, the picture's and that of what is looked at, into the engine |
//! | encoder | the frame that the engine chose: resized, encoded, prepared for the decoder; gives way to all others |
//! | decoder | the prompt that the engine chose: masks, their numbers, the one shown drawn on the frame |
//! | mover | the last answer's mask drawn on a newer frame, while the decoder is late |
//! | timekeeper | polls the engine when something is due; replaces an encoder or decoder that hangs |
//! | releaser | gives lent frames back to those who lent them |
//!
//! The modules are layers, lowest first:
//!
//! 1. [`now_us`]: the one clock.
//! 2. `Pool`: buffers are filled again as soon as nobody reads them; `Lending`: frames that are given back
//!    as soon as nobody reads them; `HeldFrame`: a frame in either. Between threads only the newest counts.
//! 3. [`Histogram`], [`SessionStats`]: what is published.
//! 4. [`Told`]: what the engine was told, so that it answers the same again.
//! 5. [`MaskPixels`], [`SessionAnswer`]: what comes out; `Outbox`: where it waits.
//! 6. `EncoderDesk`, `DecoderDesk`: a backend with its buffers.
//! 7. `State`, `Shared`: the engine and the pixels behind the names that it knows, behind one lock.
//! 8. `Crew`: the threads.
//! 9. `Intake`: where frames come in; [`Session`]: all of them.
//!
//! Once warm, the decoder's thread allocates nothing; the others do where a thread was late for the first
//! time and another buffer is needed, and the encoder's backend as it pleases.

mod camera;
mod candidates;
mod clock;
mod crew;
mod decoding;
mod drawing;
mod encoding;
mod error;
mod handle;
mod histogram;
mod intake;
mod model;
mod moving;
mod options;
mod orders;
mod outbox;
mod pixels;
mod pool;
mod release;
mod shared;
mod state;
mod stats;
mod timekeeper;
mod told;
mod warm_up;

pub use crate::threads::answer_in_real_time;
pub use clock::now_us;
pub use drawing::MaskPixels;
pub use error::SessionError;
pub use handle::Session;
pub use histogram::{Histogram, Quantiles};
pub use model::SessionModel;
pub use options::SessionOptions;
pub use outbox::SessionAnswer;
pub use stats::SessionStats;
pub use told::Told;
