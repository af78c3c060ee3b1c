//! The thread that keeps the time: asks the engine when something is due, and replaces what hangs.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::clock::now_us;
use super::crew::Crew;
use super::orders::News;
use super::shared::Shared;
use crate::threads;

/// What the thread does until the session stops; tells how many threads did not end.
pub(super) fn run(shared: &Arc<Shared>, news: Receiver<News>, mut crew: Crew) -> usize {
    threads::answer_in_real_time("fixate-timekeeper", crew.real_time_priority(2));
    loop {
        let (next_us, hung) = shared.poll();
        if hung.encoder {
            crew.replace_encoder(shared);
        }
        if hung.decoder {
            crew.replace_decoder(shared);
        }
        let received = match next_us {
            Some(next_us) => {
                let left_us = next_us.saturating_sub(now_us()).max(0);
                news.recv_timeout(Duration::from_micros(left_us.unsigned_abs()))
            }
            None => news.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(News::Encoded {
                keyframe,
                generation,
                took_us,
                result,
            }) => shared.encoded(generation, keyframe, took_us, result),
            Ok(News::Earlier) | Err(RecvTimeoutError::Timeout) => {}
            Ok(News::Stop) | Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // Whoever still has news is not to wait for anyone to read it.
    drop(news);
    crew.dismiss()
}
