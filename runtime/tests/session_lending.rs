//! Frames that are lent to a session: looked at where they are, and given back once.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod session_rig;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fixate::frame::{Frame, FrameError, LentFrame, PixelFormat};
use fixate::session::{Session, SessionError, now_us};
use fixate::source::FrameBuffer;
use session_rig::{Does, Part, Rig, ends, model, options, picture};

/// What lenders see.
#[derive(Default)]
struct Seen {
    back: AtomicUsize,
    looks: AtomicUsize,
    threads: Mutex<Vec<Option<String>>>,
}

struct Buffer {
    bytes: Vec<u8>,
    capture_us: i64,
    seen: Arc<Seen>,
}

impl LentFrame for Buffer {
    fn frame(&self) -> Result<Frame<'_>, FrameError> {
        self.seen.looks.fetch_add(1, Ordering::SeqCst);
        Frame::contiguous(PixelFormat::Gray8, 64, 64, &self.bytes, self.capture_us)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let thread = std::thread::current().name().map(str::to_owned);
        self.seen
            .threads
            .lock()
            .expect("no thread panicked")
            .push(thread);
        self.seen.back.fetch_add(1, Ordering::SeqCst);
    }
}

fn lend(session: &Session, seen: &Arc<Seen>, shift: usize) -> Result<(), SessionError> {
    let buffer = Buffer {
        bytes: picture(shift, (64, 64)),
        capture_us: now_us(),
        seen: Arc::clone(seen),
    };
    session.lend_frame(Box::new(buffer)).map(|_| ())
}

#[test]
fn lent_frames_become_keyframes_and_come_back_on_the_releaser() {
    ends(|| {
        let rig = Rig::new(&Part::good(), &Part::good(), &options());
        let seen = Arc::new(Seen::default());
        let mut lent = 0;
        while rig.session.stats().engine.keyframes < 5 {
            lend(&rig.session, &seen, lent).unwrap();
            lent += 1;
            std::thread::sleep(Duration::from_millis(5));
            // However slow the machine: the session has room for those that it looks at.
            while lent - seen.back.load(Ordering::SeqCst) > 8 {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        // Checked when it came, seen by the estimation of motion.
        assert!(seen.looks.load(Ordering::SeqCst) > lent);
        assert_eq!(rig.session.stop(), 0);
        assert_eq!(seen.back.load(Ordering::SeqCst), lent);
        let threads = seen.threads.lock().unwrap();
        let releaser = Some("fixate-releaser".to_owned());
        assert!(threads.iter().all(|thread| *thread == releaser));
    });
}

#[test]
fn an_encoder_that_hangs_holds_no_frame() {
    ends(|| {
        let encoder = Part::new(|_| Does::Hangs);
        let mut options = options();
        options.stop_within = Duration::from_millis(50);
        let rig = Rig::new(&encoder, &Part::good(), &options);
        let seen = Arc::new(Seen::default());
        lend(&rig.session, &seen, 0).unwrap();
        while encoder.gate.waiting.load(Ordering::SeqCst) == 0
            || seen.back.load(Ordering::SeqCst) == 0
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(rig.session.stats().engine.keyframes, 0);
        encoder.gate.open();
    });
}

#[test]
fn what_is_refused_is_dropped_at_once() {
    ends(|| {
        let session = Session::start(model(&Part::good(), &Part::good()), &options()).unwrap();
        let seen = Arc::new(Seen::default());
        assert!(session.lend_frame(Box::new(FrameBuffer::new())).is_err());
        let buffer = Buffer {
            bytes: vec![0; 64 * 64 - 1],
            capture_us: now_us(),
            seen: Arc::clone(&seen),
        };
        let refused = session.lend_frame(Box::new(buffer));
        assert!(matches!(refused, Err(SessionError::Frame(_))));
        assert_eq!(seen.back.load(Ordering::SeqCst), 1);
        session.stop();
        assert_eq!(lend(&session, &seen, 0), Err(SessionError::Stopped));
        assert_eq!(seen.back.load(Ordering::SeqCst), 2);
        let here = std::thread::current().name().map(str::to_owned);
        assert_eq!(*seen.threads.lock().unwrap(), [here.clone(), here]);
    });
}

#[test]
fn a_lender_may_end_the_session_while_a_frame_comes_back() {
    struct Ends(Arc<Mutex<Option<Arc<Session>>>>, FrameBuffer, Arc<Seen>);
    impl LentFrame for Ends {
        fn frame(&self) -> Result<Frame<'_>, FrameError> {
            self.1.frame()
        }
    }
    impl Drop for Ends {
        fn drop(&mut self) {
            // The last name of it perhaps.
            let session = self.0.lock().unwrap().take();
            if let Some(session) = session {
                session.stop();
            }
            self.2.back.fetch_add(1, Ordering::SeqCst);
        }
    }
    ends(|| {
        let session =
            Arc::new(Session::start(model(&Part::good(), &Part::good()), &options()).unwrap());
        let shared = Arc::new(Mutex::new(Some(Arc::clone(&session))));
        let seen = Arc::new(Seen::default());
        let mut buffer = FrameBuffer::new();
        let pixels = buffer
            .reshape(PixelFormat::Gray8, 64, 64, now_us())
            .unwrap();
        pixels.copy_from_slice(&picture(0, (64, 64)));
        session
            .lend_frame(Box::new(Ends(shared, buffer, Arc::clone(&seen))))
            .unwrap();
        drop(session);
        while seen.back.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}
