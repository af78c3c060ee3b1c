//! The command as people use it: the right result, or one clear line and the right exit status.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with a photograph-like image in it.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A bright disk on a dark ground, so that there is something to ask for.
    fn picture(&self) -> RgbImage {
        RgbImage::from_fn(160, 120, |x, y| {
            let (dx, dy) = (f64::from(x) - 90.0, f64::from(y) - 60.0);
            if dx * dx + dy * dy < 900.0 {
                Rgb([220, 60, 40])
            } else {
                Rgb([30, 60, 80])
            }
        })
    }

    fn image(&self) -> PathBuf {
        let path = self.path("disk.png");
        self.picture().save(&path).unwrap();
        path
    }

    fn fixate(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_fixate"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn segment(&self, image: &Path, arguments: &[&str]) -> Output {
        let image = image.to_str().unwrap();
        self.fixate(&[&["segment", image, "--json"], arguments].concat())
    }

    fn answer(&self, image: &Path, arguments: &[&str]) -> Value {
        let output = self.segment(image, arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Fails with this status and one line that contains every one of `words`.
    fn refused(&self, image: &Path, arguments: &[&str], status: i32, words: &[&str]) {
        let output = self.segment(image, arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(status),
            "{image:?} {arguments:?}: {told}"
        );
        assert!(output.stdout.is_empty());
        if status == 1 {
            assert_eq!(told.trim_end().lines().count(), 1, "{told}");
        }
        for word in words {
            assert!(told.contains(word), "{word:?} is not in {told:?}");
        }
    }
}

fn candidates(answer: &Value) -> &Vec<Value> {
    answer["candidates"].as_array().unwrap()
}

#[test]
fn one_click_gives_three_candidates_best_first() {
    let desk = Desk::new();
    let answer = desk.answer(&desk.image(), &["--point", "90,60", "--out", "out"]);
    assert_eq!(answer["image"]["width"], 160);
    assert_eq!(answer["image"]["height"], 120);
    let ious: Vec<f64> = candidates(&answer)
        .iter()
        .map(|candidate| candidate["predicted_iou"].as_f64().unwrap())
        .collect();
    assert_eq!(ious.len(), 3);
    assert!(ious.is_sorted_by(|a, b| a >= b), "{ious:?}");
    for (rank, candidate) in candidates(&answer).iter().enumerate() {
        let mask = image::open(desk.path(&format!("out/mask_{rank}.png")))
            .unwrap()
            .into_luma8();
        assert_eq!(mask.dimensions(), (160, 120));
        assert!(
            mask.pixels()
                .all(|pixel| pixel.0[0] == 0 || pixel.0[0] == 255)
        );
        let area = mask.pixels().filter(|pixel| pixel.0[0] == 255).count();
        assert_eq!(candidate["area"].as_u64().unwrap() as usize, area);
        assert_eq!(candidate["rle"]["size"], serde_json::json!([120, 160]));
    }
    for stage in ["load", "preprocess", "encode", "cache", "decode", "post"] {
        assert!(answer["times_ms"][stage].is_number(), "{stage}");
    }
    let written: Value =
        serde_json::from_slice(&std::fs::read(desk.path("out/result.json")).unwrap()).unwrap();
    assert_eq!(written, answer);
    assert!(image::open(desk.path("out/overlay.png")).is_ok());
}

#[test]
fn multimask_decides_how_many() {
    let desk = Desk::new();
    let image = desk.image();
    let count = |arguments: &[&str]| candidates(&desk.answer(&image, arguments)).len();
    assert_eq!(count(&["--point", "90,60", "--multimask", "never"]), 1);
    assert_eq!(count(&["--point", "90,60", "--point", "10,10,bg"]), 1);
    assert_eq!(count(&["--box", "60,30,120,90"]), 1);
    assert_eq!(
        count(&["--box", "60,30,120,90", "--multimask", "always"]),
        3
    );
    // Fewer masks than before leave no old ones behind.
    assert!(desk.path("out/mask_2.png").exists());
    assert_eq!(count(&["--box", "60,30,120,90"]), 1);
    assert!(!desk.path("out/mask_1.png").exists() && !desk.path("out/mask_2.png").exists());
}

#[test]
fn logits_come_back_as_a_prompt_and_embeddings_are_reused() {
    let desk = Desk::new();
    let image = desk.image();
    let point = ["--point", "90,60", "--embedding", "e.safetensors"];
    let first = desk.answer(
        &image,
        &[&point[..], &["--logits", "l.safetensors"]].concat(),
    );
    let again = desk.answer(&image, &point);
    assert_eq!(first["candidates"], again["candidates"]);
    assert_eq!(again["times_ms"]["encode"], 0.0);
    let refined = desk.answer(
        &image,
        &[&point[..], &["--mask", "l.safetensors:1"]].concat(),
    );
    assert_eq!(candidates(&refined).len(), 1);
    desk.refused(
        &image,
        &[&point[..], &["--mask", "l.safetensors:9"]].concat(),
        1,
        &["l.safetensors", "9"],
    );
    // An embedding of another image is not taken for this one: it is made anew.
    let other = desk.path("other.png");
    RgbImage::new(160, 120).save(&other).unwrap();
    let of_other = desk.answer(&other, &point);
    assert_ne!(of_other["times_ms"]["encode"], 0.0);
    assert_eq!(
        desk.answer(&other, &point)["candidates"],
        of_other["candidates"]
    );
    // A file that is no embedding is not written over.
    desk.refused(
        &image,
        &["--point", "9,9", "--embedding", "disk.png"],
        1,
        &["disk.png"],
    );
    assert!(image::open(&image).is_ok());
}

#[test]
fn prompts_that_make_no_sense() {
    let desk = Desk::new();
    let image = desk.image();
    desk.refused(&image, &[], 2, &["--point"]);
    for point in ["nan,5", "5", "5,inf", "a,b", "1,2,3", ""] {
        desk.refused(&image, &["--point", point], 2, &["--point"]);
    }
    for point in ["-1,5", "160,5", "5,120", "5,-0.5", "1e9,5"] {
        desk.refused(&image, &["--point", point], 2, &["160", "120"]);
    }
    for bounds in ["9,9,5,5", "5,5,5,9", "1,2,3", "nan,1,2,3"] {
        desk.refused(&image, &["--box", bounds], 2, &["--box"]);
    }
    desk.refused(&image, &["--box", "200,200,300,300"], 2, &["160", "120"]);
    assert_eq!(
        candidates(&desk.answer(&image, &["--box", "-20,-20,100,100"])).len(),
        1
    );
}

#[test]
fn images_of_every_kind() {
    let desk = Desk::new();
    let picture = desk.picture();
    let save = |name: &str, image: DynamicImage, format| {
        let path = desk.path(name);
        image.save_with_format(&path, format).unwrap();
        path
    };
    let rgb = || DynamicImage::ImageRgb8(picture.clone());
    let grey = GrayImage::from_fn(160, 120, |x, y| image::Luma([picture.get_pixel(x, y).0[0]]));
    let alpha = RgbaImage::from_fn(160, 120, |x, y| {
        let [red, green, blue] = picture.get_pixel(x, y).0;
        Rgba([red, green, blue, 128])
    });
    let good = [
        save(
            "a.png",
            DynamicImage::ImageRgb16(rgb().into_rgb16()),
            ImageFormat::Png,
        ),
        save("b.png", DynamicImage::ImageLuma8(grey), ImageFormat::Png),
        save("c.png", DynamicImage::ImageRgba8(alpha), ImageFormat::Png),
        save("d.gif", rgb(), ImageFormat::Gif),
        save("e.webp", rgb(), ImageFormat::WebP),
        save("f.tiff", rgb(), ImageFormat::Tiff),
        save("g.bmp", rgb(), ImageFormat::Bmp),
        // Content decides, not the name.
        save("really-a-jpeg.png", rgb(), ImageFormat::Jpeg),
    ];
    for path in &good {
        assert_eq!(
            candidates(&desk.answer(path, &["--point", "90,60"])).len(),
            3,
            "{path:?}"
        );
    }
    let tiny = desk.path("tiny.png");
    RgbImage::new(1, 1).save(&tiny).unwrap();
    assert_eq!(desk.answer(&tiny, &["--point", "0,0"])["image"]["width"], 1);
    let thin = desk.path("thin.png");
    RgbImage::new(3000, 1).save(&thin).unwrap();
    assert_eq!(
        desk.answer(&thin, &["--point", "1500,0"])["image"]["width"],
        3000
    );
}

#[test]
fn images_that_are_none() {
    let desk = Desk::new();
    let whole = std::fs::read(desk.image()).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = desk.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let bad = [
        write("empty.png", b""),
        write("text.jpg", b"this is no image"),
        write("cut.png", &whole[..whole.len() / 2]),
        write("head.jpg", &[0xFF, 0xD8, 0xFF]),
        desk.path("missing.png"),
        desk.folder.path().to_path_buf(),
    ];
    for path in &bad {
        let name = path.file_name().unwrap().to_str().unwrap();
        desk.refused(path, &["--point", "5,5"], 1, &[name]);
    }
}

#[test]
fn bundles_that_are_missing_or_damaged() {
    let desk = Desk::new();
    let image = desk.image();
    desk.refused(
        &image,
        &["--point", "5,5", "--model", "nowhere"],
        1,
        &["nowhere"],
    );
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/default");
    let copy = desk.path("bundle");
    std::fs::create_dir(&copy).unwrap();
    let encoders = ["encoder.onnx", "encoder.int8.onnx", "encoder.weights"];
    for name in encoders
        .into_iter()
        .chain(["bundle.toml", "decoder.safetensors"])
    {
        std::fs::copy(shipped.join(name), copy.join(name)).unwrap();
    }
    let arguments = ["--point", "90,60", "--model", "bundle"];
    assert_eq!(candidates(&desk.answer(&image, &arguments)).len(), 3);
    for name in encoders.into_iter().chain(["decoder.safetensors"]) {
        let path = copy.join(name);
        let whole = std::fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        desk.refused(&image, &arguments, 1, &[name]);
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        desk.refused(&image, &arguments, 1, &[name]);
        std::fs::remove_file(&path).unwrap();
        desk.refused(&image, &arguments, 1, &[name]);
        std::fs::write(&path, whole).unwrap();
    }
    std::fs::write(copy.join("bundle.toml"), "format = 99").unwrap();
    desk.refused(&image, &arguments, 1, &["bundle.toml"]);
}
