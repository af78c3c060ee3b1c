use super::*;
use image::{
    Delay, ExtendedColorType, Frame, GrayAlphaImage, GrayImage, ImageBuffer, ImageEncoder, Luma,
    Rgb, RgbaImage,
};
use std::sync::atomic::{AtomicU32, Ordering};

/// A file that is gone when the test ends.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, bytes: &[u8]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fixate-{}-{count}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn load_image(path: &Path) -> Result<RgbImage, ImageFileError> {
    let mut buffer = FrameBuffer::new();
    read_image(path, &mut buffer)?;
    let frame = buffer.frame().unwrap();
    Ok(RgbImage::from_raw(frame.width_px(), frame.height_px(), frame.to_rgb8()).unwrap())
}

fn load(bytes: &[u8]) -> Result<RgbImage, ImageFileError> {
    load_image(&Temporary::new("image", bytes).0)
}

/// The error's text, which must be one line and name the file.
fn refused(bytes: &[u8]) -> String {
    let file = Temporary::new("refused", bytes);
    let text = load_image(&file.0).unwrap_err().to_string();
    assert!(!text.contains('\n'), "{text}");
    assert!(text.contains(file.0.to_str().unwrap()), "{text}");
    text
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([x as u8 * 5, y as u8 * 7, 90]))
}

fn lossless() -> [ImageFormat; 5] {
    [
        ImageFormat::Png,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::WebP,
        ImageFormat::Pnm,
    ]
}

#[test]
fn every_format_is_read_by_its_content() {
    let image = gradient(40, 30);
    for format in lossless() {
        let bytes = encoded(&DynamicImage::ImageRgb8(image.clone()), format);
        let misnamed = Temporary::new("picture.jpg", &bytes);
        assert_eq!(load_image(&misnamed.0).unwrap(), image, "{format:?}");
    }
    let bytes = encoded(&DynamicImage::ImageRgb8(image.clone()), ImageFormat::Jpeg);
    let found = load(&bytes).unwrap();
    let difference = found.iter().zip(image.iter()).map(|(a, b)| a.abs_diff(*b));
    assert!(difference.max() < Some(30));
}

#[test]
fn grey_is_replicated() {
    let grey = GrayImage::from_fn(4, 3, |x, y| Luma([(x * 10 + y) as u8]));
    let image = load(&encoded(&DynamicImage::ImageLuma8(grey), ImageFormat::Png)).unwrap();
    assert_eq!(image.get_pixel(3, 2), &Rgb([32; 3]));
    let jpeg = DynamicImage::ImageLuma8(GrayImage::from_pixel(9, 9, Luma([77])));
    let image = load(&encoded(&jpeg, ImageFormat::Jpeg)).unwrap();
    assert!(image.get_pixel(4, 4)[1].abs_diff(77) <= 1);
}

#[test]
fn alpha_leaves_the_colour_beneath() {
    let rgba = RgbaImage::from_fn(5, 4, |x, y| {
        image::Rgba([x as u8, y as u8, 200, (x * 60) as u8])
    });
    let image = load(&encoded(&DynamicImage::ImageRgba8(rgba), ImageFormat::Png)).unwrap();
    assert_eq!((image.width(), image.height()), (5, 4));
    for (x, y, pixel) in image.enumerate_pixels() {
        assert_eq!(pixel, &Rgb([x as u8, y as u8, 200]));
    }
    let grey = GrayAlphaImage::from_pixel(3, 3, image::LumaA([55, 0]));
    let image = load(&encoded(&DynamicImage::ImageLumaA8(grey), ImageFormat::Png)).unwrap();
    assert_eq!(image.get_pixel(1, 1), &Rgb([55; 3]));
}

#[test]
fn sixteen_bits_become_eight() {
    let deep = ImageBuffer::from_fn(3, 1, |x, _| Rgb([[0_u16, 32_896, 65_535][x as usize]; 3]));
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let image = load(&encoded(&DynamicImage::ImageRgb16(deep.clone()), format)).unwrap();
        assert_eq!(image.as_raw()[..], [0, 0, 0, 128, 128, 128, 255, 255, 255]);
    }
    let grey = ImageBuffer::from_pixel(1, 1, Luma([0xabab_u16]));
    let image = load(&encoded(&DynamicImage::ImageLuma16(grey), ImageFormat::Png)).unwrap();
    assert_eq!(image.as_raw()[..], [0xab; 3]);
}

/// Exif with nothing but the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut bytes = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    bytes.extend([orientation, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// A JPEG file with another segment right after its start.
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xff, marker]);
    bytes.extend((content.len() as u16 + 2).to_be_bytes());
    bytes.extend(content);
    bytes.extend(&jpeg[2..]);
    bytes
}

#[test]
fn the_exif_orientation_is_applied() {
    // Bright in the top left corner of what is stored.
    let stored = GrayImage::from_fn(32, 16, |x, y| Luma([if x < 8 && y < 8 { 250 } else { 5 }]));
    let jpeg = encoded(&DynamicImage::ImageLuma8(stored), ImageFormat::Jpeg);
    for (orientation, size, bright) in [
        (1, (32, 16), (2, 2)),
        (2, (32, 16), (29, 2)),
        (3, (32, 16), (29, 13)),
        (4, (32, 16), (2, 13)),
        (5, (16, 32), (2, 2)),
        (6, (16, 32), (13, 2)),
        (7, (16, 32), (13, 29)),
        (8, (16, 32), (2, 29)),
        // Not an orientation.
        (9, (32, 16), (2, 2)),
    ] {
        let content = [b"Exif\0\0", &exif(orientation)[..]].concat();
        let image = load(&with_segment(&jpeg, 0xe1, &content)).unwrap();
        assert_eq!(image.dimensions(), size, "orientation {orientation}");
        for (x, y) in [
            (2, 2),
            (13, 2),
            (29, 2),
            (2, 13),
            (29, 13),
            (13, 29),
            (2, 29),
        ] {
            if x < size.0 && y < size.1 {
                let is_bright = image.get_pixel(x, y)[0] > 128;
                assert_eq!(
                    is_bright,
                    (x, y) == bright,
                    "orientation {orientation} at {x},{y}"
                );
            }
        }
    }
}

#[test]
fn of_an_animation_the_first_frame_is_taken() {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for colour in [[250, 0, 0, 255], [0, 0, 250, 255]] {
        let frame = RgbaImage::from_pixel(6, 5, image::Rgba(colour));
        let delay = Delay::from_numer_denom_ms(100, 1);
        encoder
            .encode_frame(Frame::from_parts(frame, 0, 0, delay))
            .unwrap();
    }
    drop(encoder);
    let image = load(&bytes).unwrap();
    assert_eq!(image.dimensions(), (6, 5));
    assert_eq!(image.get_pixel(3, 3), &Rgb([250, 0, 0]));
}

/// 16 x 16 pixels of CMYK as printing programs store it: red on the left, a dark cyan on the right.
const CMYK_JPEG: &str = "
        ffd8ffee000e41646f626500640000000000ffdb0043000d090a0b0a080d0b0a
        0b0e0e0d0f13201513121213271c1e17202e2931302e292d2c333a4a3e333646
        372c2d405741464c4e525352323e5a615a50604a51524fffc000140800100010
        044311004d11005911004b1100ffc40016000101010000000000000000000000
        0000080706ffc40014100100000000000000000000000000000000ffda000e04
        43004d0059004b00003f00a72609829c3113a4eb304e8c43134e3113a4eb30ff
        d9
";

#[test]
fn cmyk_is_converted() {
    let digits: Vec<u8> = CMYK_JPEG
        .bytes()
        .filter_map(|byte| char::from(byte).to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    let image = load(&bytes).unwrap();
    assert_eq!(image.get_pixel(2, 8), &Rgb([255, 0, 0]));
    assert_eq!(image.get_pixel(13, 8), &Rgb([0, 191, 191]));
}

#[test]
fn truncated_files_are_refused() {
    let image = DynamicImage::ImageRgb8(gradient(90, 80));
    let formats = lossless().into_iter().chain([ImageFormat::Jpeg]);
    for format in formats.chain([ImageFormat::Gif]) {
        let bytes = encoded(&image, format);
        for kept in [20, bytes.len() / 2, bytes.len() * 9 / 10] {
            let text = refused(&bytes[..kept]);
            assert!(text.contains("copy it again"), "{format:?} {kept}: {text}");
        }
    }
}

#[test]
fn a_thumbnails_end_is_not_the_images() {
    let image = DynamicImage::ImageRgb8(gradient(90, 80));
    let jpeg = encoded(&image, ImageFormat::Jpeg);
    let small = encoded(&DynamicImage::ImageRgb8(gradient(8, 8)), ImageFormat::Jpeg);
    let bytes = with_segment(&jpeg, 0xe1, &small);
    assert!(load(&bytes).is_ok());
    assert!(refused(&bytes[..bytes.len() - 40]).contains("ends before"));
    // What a camera appends after the image does not matter.
    assert!(load(&[&bytes[..], b"trailer"].concat()).is_ok());
}

#[test]
fn what_is_no_image_is_refused() {
    assert!(refused(b"").contains("empty"));
    assert!(refused(b"#!/bin/sh\necho hello\n").contains("known format"));
    assert!(refused(&[0; 4096]).contains("known format"));
    let text = load_image(Path::new("/nowhere/at all.png")).unwrap_err();
    assert!(text.to_string().contains("/nowhere/at all.png"));
    let folder = std::env::temp_dir();
    assert!(
        load_image(&folder)
            .unwrap_err()
            .to_string()
            .contains("folder")
    );
    // A format that is known, but not read.
    let text = refused(b"qoif\0\0\0\x01\0\0\0\x01\x03\0\0\0\0\0\0\0\0\0\0\x01");
    assert!(text.contains("save it as JPEG or PNG"), "{text}");
}

#[test]
fn damaged_files_are_refused() {
    let mut bytes = encoded(&DynamicImage::ImageRgb8(gradient(90, 80)), ImageFormat::Png);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    assert!(refused(&bytes).contains("damaged"));
}

#[test]
fn an_image_of_absurd_size_is_refused_before_it_is_decoded() {
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&[0], 1, 1, ExtendedColorType::L8)
        .unwrap();
    // IHDR's width and height, and its checksum over them.
    let mut with_size = |width: u32, height: u32| {
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let checksum = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
        bytes.clone()
    };
    let text = refused(&with_size(100_000, 100_000));
    assert!(
        text.contains("100000x100000") && text.contains("400 megapixels"),
        "{text}"
    );
    assert!(refused(&with_size(20_001, 20_000)).contains("too many"));
    // This one is small enough, but ends early.
    assert!(!refused(&with_size(20_000, 20)).contains("too many"));
}

/// The checksum of PNG's chunks (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    })
}
