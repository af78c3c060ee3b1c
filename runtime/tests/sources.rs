//! Sources give the frames that are there, tell what is wrong with those that are not, and end.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

use std::path::Path;

use fixate::frame::{PixelFormat, YuvMatrix, YuvRange};
use fixate::source::{
    FolderSource, FrameBuffer, FrameRate, MjpegSource, Source, SourceError, Supply, Y4mSource, open,
};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, Rgb, RgbImage};
use proptest::prelude::*;

/// What a source gave, call by call; it must end.
fn all(source: &mut dyn Source) -> Vec<Result<FrameBuffer, SourceError>> {
    let mut found = Vec::new();
    loop {
        let mut buffer = FrameBuffer::new();
        match source.next_into(&mut buffer) {
            Ok(Supply::Ended) => {
                let again = source.next_into(&mut buffer);
                assert!(matches!(again, Ok(Supply::Ended)), "ended, then {again:?}");
                return found;
            }
            Ok(Supply::Frame) => {
                assert!(buffer.frame().is_ok());
                found.push(Ok(buffer));
            }
            Err(error) => {
                assert!(!error.to_string().contains('\n'));
                found.push(Err(error));
            }
        }
        assert!(found.len() < 10_000, "it does not end");
    }
}

fn y4m(header: &str, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("YUV4MPEG2 {header}\n").into_bytes();
    for frame in frames {
        bytes.extend(b"FRAME\n");
        bytes.extend(frame);
    }
    bytes
}

/// The planes of a picture of one colour.
fn planes(luma: usize, chroma: usize, [y, u, v]: [u8; 3]) -> Vec<u8> {
    [vec![y; luma], vec![u; chroma], vec![v; chroma]].concat()
}

#[test]
fn every_sampling_of_y4m_gives_the_same_colour() {
    let colour = [120, 90, 160];
    let mut expected = None;
    for (header, chroma, format) in [
        ("W6 H4 F30:1 C420jpeg", 6, PixelFormat::Nv12),
        ("W6 H4 F30:1 Ip A1:1", 6, PixelFormat::Nv12),
        ("W6 H4 F30:1 C422", 12, PixelFormat::Yuyv),
        ("W6 H4 F30:1 C444", 24, PixelFormat::Rgb8),
    ] {
        let bytes = y4m(header, &[planes(24, chroma, colour)]);
        let mut source = Y4mSource::new(&bytes[..], "a.y4m").unwrap();
        let found = all(&mut source);
        let buffer = found[0].as_ref().unwrap();
        let frame = buffer.frame().unwrap();
        assert_eq!(frame.format(), format, "{header}");
        let rgb = frame.to_rgb8();
        assert_eq!(*expected.get_or_insert(rgb.clone()), rgb, "{header}");
    }
    let pixel = &expected.unwrap()[..3];
    let difference = pixel.iter().zip([172, 111, 45]).map(|(a, b)| a.abs_diff(b));
    assert!(difference.max() <= Some(2), "{pixel:?}");
}

#[test]
fn odd_sizes_and_gradients_keep_their_place() {
    // Chroma planes of 3 x 2 for 5 x 3 pixels.
    let u = (0..6).map(|i| 100 + 10 * i).collect();
    let frame = [vec![128; 15], u, vec![128; 6]].concat();
    let bytes = y4m("W5 H3 F25:1 C420", &[frame]);
    let found = all(&mut Y4mSource::new(&bytes[..], "odd").unwrap());
    let buffer = found[0].as_ref().unwrap();
    let frame = buffer.frame().unwrap();
    assert_eq!((frame.width_px(), frame.height_px()), (5, 3));
    let rgb = frame.to_rgb8();
    // Blue follows U: the last pixel has the last sample.
    let blue =
        |x: usize, y: usize| i32::from(rgb[(y * 5 + x) * 3 + 2]) - i32::from(rgb[(y * 5 + x) * 3]);
    assert!(blue(0, 0) < blue(2, 0) && blue(2, 0) < blue(4, 0) && blue(4, 1) < blue(4, 2));
}

#[test]
fn grey_video_is_grey_and_ranges_are_kept() {
    let gray = |header: &str| {
        let bytes = y4m(header, &[vec![16, 235]]);
        let found = all(&mut Y4mSource::new(&bytes[..], "grey").unwrap());
        let buffer = found.into_iter().next().unwrap().unwrap();
        assert_eq!(buffer.frame().unwrap().format(), PixelFormat::Gray8);
        buffer.into_bytes()
    };
    assert_eq!(gray("W2 H1 F30:1 Cmono"), [16, 235]);
    assert_eq!(gray("W2 H1 F30:1 Cmono XCOLORRANGE=LIMITED"), [0, 255]);
    let bytes = y4m("W2 H2 F30:1 XCOLORRANGE=FULL XANYTHING", &[vec![128; 6]]);
    let source = Y4mSource::new(&bytes[..], "full").unwrap();
    let found = all(&mut source.with_matrix(YuvMatrix::Bt709));
    let yuv = found[0].as_ref().unwrap().frame().unwrap().yuv();
    assert_eq!(yuv, (YuvMatrix::Bt709, YuvRange::Full));
}

#[test]
fn capture_times_follow_the_rate() {
    let bytes = y4m("W2 H2 F30000:1001", &vec![vec![128; 6]; 4]);
    let found = all(&mut Y4mSource::new(&bytes[..], "ntsc").unwrap());
    let times_us: Vec<i64> = found
        .iter()
        .map(|buffer| buffer.as_ref().unwrap().frame().unwrap().capture_time_us())
        .collect();
    assert_eq!(times_us, [0, 33_366, 66_733, 100_100]);
}

#[test]
fn headers_that_make_no_sense_are_named() {
    for (header, word) in [
        ("", "no size"),
        ("W0 H4", "width"),
        ("W-4 H4", "width"),
        ("W+4 H4", "width"),
        ("W4 H99999999999", "height"),
        ("W4294967295 H4294967295", "too large"),
        ("W4 H4 F0:1", "frame rate"),
        ("W4 H4 F30", "frame rate"),
        ("W4 H4 C420p10", "420p10"),
        ("W4 H4 C444alpha", "444alpha"),
        ("W4 H4 W4", "W4"),
        ("W4 H4 Q1", "Q1"),
    ] {
        let bytes = y4m(header, &[]);
        let error = Y4mSource::new(&bytes[..], "bad.y4m")
            .map(|_| ())
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("bad.y4m") && text.contains(word),
            "{header}: {text}"
        );
    }
    for bytes in [&b""[..], b"RIFF", &[b'Y'; 9000]] {
        let error = Y4mSource::new(bytes, "bad.y4m").map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("YUV4MPEG2"), "{error}");
    }
    // A size that the file does not have takes no memory.
    let bytes = y4m("W20000 H20000", &[vec![1; 100]]);
    let found = all(&mut Y4mSource::new(&bytes[..], "short").unwrap());
    assert!(matches!(
        found[..],
        [Err(SourceError::Truncated { frame: 0, .. })]
    ));
}

#[test]
fn video_that_breaks_off_gives_the_frames_before() {
    let mut bytes = y4m("W2 H2 F30:1", &vec![vec![128; 6]; 3]);
    bytes.truncate(bytes.len() - 2);
    let found = all(&mut Y4mSource::new(&bytes[..], "cut.y4m").unwrap());
    assert_eq!(found.len(), 3);
    let error = found[2].as_ref().map(|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("cut.y4m") && text.contains(&format!("byte {}", bytes.len())),
        "{text}"
    );
    let mut bytes = y4m("W2 H2 F30:1", &vec![vec![128; 7]; 3]);
    bytes.extend(b"\n");
    let found = all(&mut Y4mSource::new(&bytes[..], "shifted").unwrap());
    assert!(matches!(
        found[..],
        [Ok(_), Err(SourceError::Format { .. })]
    ));
}

fn picture(value: u8) -> RgbImage {
    RgbImage::from_fn(48, 32, |x, y| Rgb([value, (x * 5) as u8, (y * 7) as u8]))
}

fn jpeg(value: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .encode(&picture(value), 48, 32, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// The red of a frame's middle, and its time.
fn red(buffer: &FrameBuffer) -> (u8, i64) {
    let frame = buffer.frame().unwrap();
    let rgb = frame.to_rgb8();
    (rgb[(16 * 48 + 24) * 3], frame.capture_time_us())
}

#[test]
fn motion_jpeg_is_split_where_images_end() {
    let rate = FrameRate::new(10, 1).unwrap();
    let between = [
        &b""[..],
        b"--boundary\r\nContent-Type: image/jpeg\r\n\r\n",
        &[0; 200_000],
    ];
    for between in between {
        let images: Vec<u8> = [50, 100, 200]
            .iter()
            .flat_map(|&value| [between.to_vec(), jpeg(value)].concat())
            .collect();
        let mut source = MjpegSource::new(&images[..], "a.mjpeg", rate).unwrap();
        let found = all(&mut source);
        assert_eq!(found.len(), 3);
        for (index, value) in [50_u8, 100, 200].into_iter().enumerate() {
            let (found, time_us) = red(found[index].as_ref().unwrap());
            assert!(found.abs_diff(value) < 6, "{found} {value}");
            assert_eq!(time_us, 100_000 * index as i64);
        }
    }
}

#[test]
fn a_damaged_image_does_not_end_motion_jpeg() {
    let mut second = jpeg(100);
    // The height in the frame's header is zero.
    let frame = second.windows(2).position(|pair| pair == [0xff, 0xc0]);
    let height = frame.unwrap() + 5;
    second[height..height + 2].fill(0);
    let mut bytes = [jpeg(50), second, jpeg(200), jpeg(220)].concat();
    bytes.truncate(bytes.len() - 30);
    let source = MjpegSource::new(&bytes[..], "b.mjpeg", FrameRate::default());
    let found = all(&mut source.unwrap());
    assert!(matches!(
        found[..],
        [
            Ok(_),
            Err(SourceError::Image { frame: 1, .. }),
            Ok(_),
            Err(SourceError::Truncated { frame: 3, .. })
        ]
    ));
    assert_eq!(red(found[2].as_ref().unwrap()).1, 66_666);
    let none = MjpegSource::new(&b"no image"[..], "c.mjpeg", FrameRate::default());
    assert!(matches!(none, Err(SourceError::NoFrames { .. })));
}

#[test]
fn a_folder_is_read_in_the_order_of_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("f10.png", 100),
        ("f9.PNG", 90),
        ("f100.jpg", 200),
        ("f1.bmp", 10),
    ] {
        picture(value).save(folder.path().join(name)).unwrap();
    }
    for (name, content) in [
        ("notes.txt", "hello"),
        (".hidden.png", ""),
        ("f11.png", "broken"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let mut source = open(folder.path(), FrameRate::default()).unwrap();
    let found = all(&mut *source);
    let values: Vec<Option<u8>> = found
        .iter()
        .map(|buffer| buffer.as_ref().ok().map(|buffer| red(buffer).0))
        .collect();
    assert!(values[4].unwrap().abs_diff(200) < 6);
    assert_eq!(values[..4], [Some(10), Some(90), Some(100), None]);
    assert_eq!(red(found[4].as_ref().unwrap()).1, 133_333);
    let text = found[3].as_ref().map(|_| ()).unwrap_err().to_string();
    assert!(
        text.contains("f11.png") && text.contains("give JPEG"),
        "{text}"
    );
}

#[test]
fn paths_that_are_no_source_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let opened = |path: &Path| open(path, FrameRate::default()).map(|_| ()).unwrap_err();
    let empty = opened(folder.path());
    assert!(matches!(empty, SourceError::NoFrames { .. }), "{empty}");
    for name in [
        "missing.y4m",
        "missing.mjpeg",
        "missing.mcap",
        "missing.mp4",
        "missing",
    ] {
        let text = opened(&folder.path().join(name)).to_string();
        assert!(text.contains(name), "{text}");
    }
    let missing = FolderSource::open(&folder.path().join("nowhere"), FrameRate::default());
    assert!(matches!(missing, Err(SourceError::Io { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever bytes are changed, a source ends, and every frame that it gives is one.
    #[test]
    fn hostile_bytes_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mutated = |mut bytes: Vec<u8>| {
            for (at, value) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            if is_cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            bytes
        };
        let headers = ["W4 H4 F30:1 C420jpeg", "W5 H3 F25:1 C422 XCOLORRANGE=FULL", "W3 H3 Cmono"];
        for (header, length) in headers.into_iter().zip([24, 33, 9]) {
            let bytes = mutated(y4m(header, &vec![vec![99; length]; 3]));
            if let Ok(mut source) = Y4mSource::new(&bytes[..], "hostile") {
                let _ = all(&mut source);
            }
        }
        let bytes = mutated([jpeg(10), jpeg(20)].concat());
        if let Ok(mut source) = MjpegSource::new(&bytes[..], "hostile", FrameRate::default()) {
            let _ = all(&mut source);
        }
    }
}
