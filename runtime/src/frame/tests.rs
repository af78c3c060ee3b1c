use super::*;

fn contiguous(format: PixelFormat, w: u32, h: u32, length: usize) -> Result<(), FrameError> {
    Frame::contiguous(format, w, h, &vec![0; length], 0).map(|_| ())
}

#[test]
fn exact_sizes_are_accepted_and_one_byte_less_is_not() {
    for (format, length) in [
        (PixelFormat::Rgb8, 72),
        (PixelFormat::Bgr8, 72),
        (PixelFormat::Rgba8, 96),
        (PixelFormat::Bgra8, 96),
        (PixelFormat::Gray8, 24),
        (PixelFormat::Nv12, 36),
        (PixelFormat::Yuyv, 48),
    ] {
        assert_eq!(contiguous(format, 6, 4, length), Ok(()), "{format:?}");
        assert!(
            matches!(
                contiguous(format, 6, 4, length - 1),
                Err(FrameError::ShortPlane { .. })
            ),
            "{format:?}"
        );
    }
}

#[test]
fn the_last_row_may_lack_its_padding() {
    let bytes = [0; 8 + 8 + 6];
    let plane = |length: usize| Plane {
        bytes: &bytes[..length],
        stride_bytes: 8,
    };
    assert!(Frame::new(PixelFormat::Rgb8, 2, 3, &[plane(22)], 0).is_ok());
    assert_eq!(
        Frame::new(PixelFormat::Rgb8, 2, 3, &[plane(21)], 0).map(|_| ()),
        Err(FrameError::ShortPlane {
            plane: 0,
            found_bytes: 21,
            needed_bytes: 22
        })
    );
}

#[test]
fn impossible_sizes_are_named() {
    assert!(matches!(
        contiguous(PixelFormat::Rgb8, 0, 4, 0),
        Err(FrameError::ZeroSize { .. })
    ));
    assert!(matches!(
        contiguous(PixelFormat::Nv12, 4, 3, 100),
        Err(FrameError::OddSize { .. })
    ));
    assert!(matches!(
        contiguous(PixelFormat::Yuyv, 3, 4, 100),
        Err(FrameError::OddSize { .. })
    ));
    assert_eq!(contiguous(PixelFormat::Yuyv, 4, 3, 24), Ok(()));
    let huge = Plane {
        bytes: &[0; 12],
        stride_bytes: usize::MAX,
    };
    assert!(matches!(
        Frame::new(PixelFormat::Rgb8, 1, 3, &[huge], 0),
        Err(FrameError::TooLarge { .. })
    ));
    let narrow = Plane {
        bytes: &[0; 100],
        stride_bytes: 5,
    };
    let error = Frame::new(PixelFormat::Rgb8, 2, 2, &[narrow], 0).unwrap_err();
    assert_eq!(
        error,
        FrameError::ShortStride {
            plane: 0,
            stride_bytes: 5,
            row_bytes: 6
        }
    );
    assert!(error.to_string().contains("stride of 5 bytes"));
    assert!(matches!(
        Frame::new(PixelFormat::Nv12, 2, 2, &[narrow], 0),
        Err(FrameError::PlaneCount { found: 1, .. })
    ));
}
