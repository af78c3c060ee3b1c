//! What can be written on the command line.

use crate::close_look::CloseLook;
use clap::{Args, Parser, Subcommand, ValueEnum};
use fixate::encoder::Backend;
use fixate::prompt::{MultimaskOutput, PointLabel, PromptBox, PromptPoint};
use std::path::PathBuf;

/// Masks of what a person looks at, or a robot reaches for.
#[derive(Debug, Parser)]
#[command(name = "fixate", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// Print one JSON object on standard output, and nothing else.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Masks of what a click, a box or an earlier mask points at in an image.
    Segment(Segment),
    /// Times the encoder, the keyframe cache and the decoder.
    Bench(Bench),
    /// Mean IoU of the model's masks with the truth.
    Eval(Eval),
    /// Answers where a person looks in a running picture, in real time.
    Live(Live),
    /// Does what `live` does, and records it: MCAP, which viewers open, and `replay` plays again.
    Record(Record),
    /// Replays a recording, and tells whether it gives the same answers.
    Replay(crate::replay::Replay),
    /// Fits models to a machine: smaller numbers, with a report of what is lost.
    #[command(subcommand)]
    Calibrate(crate::calibrate::CalibrateCommand),
    /// Models of other makes.
    #[command(subcommand)]
    Model(ModelCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Turns a checkpoint of SAM or MobileSAM, or an ONNX encoder with its decoder, into a bundle.
    Import(Box<Import>),
    /// Writes a bundle's encoder and decoder as ONNX files that other engines run.
    Export(crate::model::export::Export),
    /// Downloads a file of a model, checks it, and goes on where an earlier download was cut off.
    Fetch(crate::model::fetch::Fetch),
    /// What a bundle is: its input, its files and the prompts it takes.
    Info(BundleArgument),
    /// Compares a bundle's files with their checksums, and runs it on a synthetic image.
    Verify(BundleArgument),
    /// Models that are known, and those that are installed.
    List,
}

#[derive(Debug, Args)]
pub(crate) struct BundleArgument {
    /// A folder with bundle.toml [default: the model that comes with fixate].
    pub(crate) bundle: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A state dictionary (.pt, .pth, .safetensors), in which nothing is run, or an image encoder (.onnx).
    pub(crate) model: PathBuf,
    /// The mask decoder of an ONNX encoder: .onnx, or a state dictionary.
    pub(crate) decoder: Option<PathBuf>,
    /// Folder of the bundle; an earlier import there is replaced.
    #[arg(short, long, value_name = "BUNDLE")]
    pub(crate) out: PathBuf,
    /// The bundle's name [default: the first file's].
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The bundle's version.
    #[arg(long, value_name = "VERSION", default_value = "1.0.0")]
    pub(crate) model_version: String,
    /// The model's licence, an SPDX expression.
    #[arg(long)]
    pub(crate) license: Option<String>,
    /// Side in pixels of the encoder's input, where the file does not tell: MobileSAM and some ONNX files.
    #[arg(long, value_name = "N")]
    pub(crate) input_size: Option<usize>,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
}

/// What ONNX files do not tell; whatever is not said is taken from the family that they are recognised as.
#[derive(Debug, Args)]
#[command(next_help_heading = "Only for ONNX files, instead of what is usual in their family")]
pub(crate) struct Overrides {
    /// Subtracted from R, G, B in 0 to 255.
    #[arg(long, value_name = "R,G,B", value_parser = parse_colour, allow_hyphen_values = true)]
    pub(crate) mean: Option<[f32; 3]>,
    /// Divides what is left of R, G, B.
    #[arg(long, value_name = "R,G,B", value_parser = parse_colour)]
    pub(crate) std: Option<[f32; 3]>,
    /// How images are fitted into the encoder's input.
    #[arg(long, value_enum)]
    pub(crate) resize: Option<Resize>,
    /// Channels, rows and columns of an embedding.
    #[arg(long, value_name = "C,H,W", value_parser = parse_shape)]
    pub(crate) embedding_shape: Option<[usize; 3]>,
    /// Side in pixels of the square that the decoder's coordinates are given in.
    #[arg(long, value_name = "N")]
    pub(crate) coordinate_size: Option<u32>,
    /// When a point of label -1 ends the points.
    #[arg(long, value_enum)]
    pub(crate) padding_point: Option<Padding>,
}

impl Overrides {
    /// Whether any is said.
    pub(crate) fn any(&self) -> bool {
        self.mean.is_some()
            || self.std.is_some()
            || self.resize.is_some()
            || self.embedding_shape.is_some()
            || self.coordinate_size.is_some()
            || self.padding_point.is_some()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resize {
    /// The longest side fills the input, the rest is padded.
    LongestSide,
    /// Both sides fill the input.
    Stretch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Padding {
    /// When there is no box, as in SAM.
    WithoutBox,
    Never,
}

/// Which model, and what it runs on.
#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    /// Bundle: a folder with bundle.toml [default: the model that comes with fixate].
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) model: Option<PathBuf>,
    /// Threads of the encoder.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: u16,
    /// Which of the bundle's encoders [default: the first, but f32 for int8 where bytes are no faster, and on ONNX
    /// Runtime]. TensorRT makes f16 of f32.
    #[arg(long, value_enum)]
    pub(crate) precision: Option<Precision>,
    /// Products of SAM's decoder [default: int16 on processors with AVX512-VNNI, where it takes less time; f32 on others,
    /// which have no int16].
    #[arg(long, value_enum)]
    pub(crate) decoder_precision: Option<DecoderPrecision>,
    /// What runs the encoder: tract, tract:cuda on a GPU, or onnxruntime with those that compute for it (cpu, cuda,
    /// tensorrt), the first that can; one that is missing is an error.
    #[arg(
        long,
        value_name = "tract[:cuda]|onnxruntime[:P,..]",
        default_value = "tract"
    )]
    pub(crate) backend: Backend,
    /// ONNX Runtime's library, or its folder [default: ORT_DYLIB_PATH, else what the system finds].
    #[arg(long, value_name = "PATH")]
    pub(crate) onnxruntime_library: Option<PathBuf>,
    /// Which GPU of ONNX Runtime, counted from 0.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) device: u16,
    /// Use an encoder of ONNX Runtime or a GPU although its masks may not be those of the model.
    #[arg(long)]
    pub(crate) no_self_check: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Precision {
    F32,
    F16,
    Int8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecoderPrecision {
    F32,
    Int16,
}

impl From<DecoderPrecision> for fixate::decoder::ProductPrecision {
    fn from(precision: DecoderPrecision) -> Self {
        match precision {
            DecoderPrecision::F32 => Self::Full,
            DecoderPrecision::Int16 => Self::Codes,
        }
    }
}

impl From<Precision> for fixate::bundle::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::F16 => Self::F16,
            Precision::Int8 => Self::Int8,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Segment {
    /// JPEG, PNG, WebP, GIF, TIFF, BMP or PNM.
    pub(crate) image: PathBuf,
    /// A point on the thing, pixels of the image, x first; with ",bg" a point that is not on it.
    /// Repeat for more.
    #[arg(long, value_name = "X,Y[,bg]", value_parser = parse_point, allow_hyphen_values = true)]
    pub(crate) point: Vec<PromptPoint>,
    /// A box around the thing, pixels of the image: left, top, right, bottom.
    #[arg(long = "box", value_name = "X0,Y0,X1,Y1", value_parser = parse_box, allow_hyphen_values = true)]
    pub(crate) bounds: Option<PromptBox>,
    /// Logits of an earlier answer (written by --logits), the first mask or the K-th from 0.
    #[arg(long, value_name = "FILE.safetensors[:K]", value_parser = parse_mask)]
    pub(crate) mask: Option<MaskFile>,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Folder for mask_K.png, overlay.png and result.json.
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub(crate) out: PathBuf,
    /// Three masks (whole, part, subpart) or one; auto: three for one point alone.
    #[arg(long, value_enum, default_value_t = Multimask::Auto)]
    pub(crate) multimask: Multimask,
    #[command(flatten)]
    pub(crate) close_look: CloseLook,
    /// Write low_res_logits [K,h,w] and iou_predictions [K] in the model's own order.
    #[arg(long, value_name = "FILE.safetensors")]
    pub(crate) logits: Option<PathBuf>,
    /// Read the image's embedding from this file if it is there, else write it.
    #[arg(long, value_name = "FILE.safetensors")]
    pub(crate) embedding: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    /// The recording, which is replaced if it is there. Pictures and masks, ten a second, are for viewers; what the
    /// answers follow from is complete.
    #[arg(value_name = "FILE.mcap")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) live: Live,
}

#[derive(Debug, Args)]
pub(crate) struct Live {
    /// What is seen: scene[:SEED], a rendered place with things of kinds that no training shows; a folder
    /// of numbered images of one size; or a file .y4m, .mjpeg or .mcap. All are read or rendered before
    /// the clock starts, and played forth and back as often as the time asks for. Or camera[:N], the
    /// camera with this number, if fixate was built with the feature "camera".
    #[arg(
        long,
        value_name = "scene[:SEED]|camera[:N]|DIR|FILE",
        default_value = "scene"
    )]
    pub(crate) source: String,
    /// Where is looked: "scene", the scene's person with a tracker's errors; "exact", the same without
    /// them; a file of lines time_us,x_px,y_px[,valid]: microseconds since the first frame, pixels
    /// of the frame, 1 or 0 (eyes not seen; 1 if it is not said), of which a first line of names is
    /// skipped, played once; or bridge:PORT, a device that speaks fixate's protocol: a serial port's
    /// path, or HOST:PORT or PORT for TCP.
    #[arg(
        long,
        value_name = "scene|exact|FILE.csv|bridge:PORT",
        default_value = "scene"
    )]
    pub(crate) gaze: String,
    /// From a gaze sample to its mask, milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 10.0)]
    pub(crate) budget_ms: f64,
    /// How long it runs [default: 10 for scenes and cameras, once through a folder].
    #[arg(long, value_parser = parse_seconds)]
    pub(crate) seconds: Option<f64>,
    /// Pixels per row of a scene's frames, and of those that a camera is asked for.
    #[arg(long, default_value_t = 1280, value_parser = clap::value_parser!(u32).range(64..=4096))]
    pub(crate) width: u32,
    /// Rows of a scene's frames, and of those that a camera is asked for.
    #[arg(long, default_value_t = 720, value_parser = clap::value_parser!(u32).range(64..=4096))]
    pub(crate) height: u32,
    /// Frames a second, of what does not say it itself.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=240))]
    pub(crate) fps: u32,
    /// Gaze samples of a scene a second.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(10..=1000))]
    pub(crate) gaze_hz: u32,
    /// Seconds of a scene that are rendered. A second of 1280x720 at 30 Hz takes 90 MB.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=120))]
    pub(crate) clip_seconds: u32,
    /// Render scenes with soft shadows, noise and motion blur, which takes about a second a frame.
    #[arg(long)]
    pub(crate) fine: bool,
    /// The nice value of the encoder's thread.
    #[arg(long, hide = true, default_value_t = 10, value_parser = clap::value_parser!(i32).range(0..=19))]
    pub(crate) encoder_nice: i32,
    /// The real-time priority of the threads that answer, if the system lets them; 0 for none.
    #[arg(long, hide = true, default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=97))]
    pub(crate) real_time_priority: u8,
    /// Write pictures of some answers, each on the frame that was newest, into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Encoder runs.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) runs: u32,
    /// Decodes after each encoder run.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) decodes: u32,
    /// After every decode, compute plain matrix products for as long, and tell their times too: how unsteady the machine
    /// is by itself.
    #[arg(long)]
    pub(crate) yardstick: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// `scenes`, or a folder of NAME.jpg or NAME.png with NAME_masks/*.png, one object each.
    pub(crate) source: PathBuf,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// What scenes are: flat images, or rooms, streets and the like with kinds of things that no
    /// training shows.
    #[arg(long, value_enum, default_value_t = SceneStyle::Flat)]
    pub(crate) style: SceneStyle,
    /// Objects of scenes to click on.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) clicks: u32,
    /// Also click again where the answer was wrong, and tell the mIoU after so many clicks.
    #[arg(long, value_name = "1,3,5", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=20))]
    pub(crate) clicks_per_object: Vec<u8>,
    #[command(flatten)]
    pub(crate) close_look: CloseLook,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SceneStyle {
    Flat,
    Space,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Multimask {
    Auto,
    Always,
    Never,
}

impl From<Multimask> for MultimaskOutput {
    fn from(multimask: Multimask) -> Self {
        match multimask {
            Multimask::Auto => Self::Auto,
            Multimask::Always => Self::Always,
            Multimask::Never => Self::Never,
        }
    }
}

/// One mask of a file of logits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MaskFile {
    pub(crate) path: PathBuf,
    pub(crate) index: usize,
}

fn numbers<const N: usize>(text: &str, shape: &str) -> Result<[f32; N], String> {
    let parts: Vec<&str> = text.split(',').collect();
    if parts.len() != N {
        return Err(format!("{shape} expected, {} values found", parts.len()));
    }
    let mut values = [0.0f32; N];
    for (value, part) in values.iter_mut().zip(&parts) {
        *value = part
            .trim()
            .parse()
            .map_err(|_| format!("{part:?} is not a number"))?;
        if !value.is_finite() {
            return Err(format!("{part:?} is not finite; give pixels of the image"));
        }
    }
    Ok(values)
}

fn parse_point(text: &str) -> Result<PromptPoint, String> {
    let (coordinates, label) = match text.rsplit_once(',') {
        Some((rest, "bg")) => (rest, PointLabel::Background),
        Some((rest, "fg")) => (rest, PointLabel::Foreground),
        _ => (text, PointLabel::Foreground),
    };
    let [x_px, y_px] = numbers(coordinates, "X,Y or X,Y,bg")?;
    Ok(PromptPoint { x_px, y_px, label })
}

fn parse_box(text: &str) -> Result<PromptBox, String> {
    let [x0_px, y0_px, x1_px, y1_px] = numbers(text, "X0,Y0,X1,Y1")?;
    if x1_px <= x0_px || y1_px <= y0_px {
        return Err("the box is empty or reversed: give left,top,right,bottom".to_owned());
    }
    Ok(PromptBox {
        x0_px,
        y0_px,
        x1_px,
        y1_px,
    })
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| format!("{text:?} is not a number"))?;
    if (0.1..=86_400.0).contains(&seconds) {
        Ok(seconds)
    } else {
        Err("give 0.1 to 86400 seconds".to_owned())
    }
}

fn parse_colour(text: &str) -> Result<[f32; 3], String> {
    numbers(text, "R,G,B")
}

fn parse_shape(text: &str) -> Result<[usize; 3], String> {
    let sides: Result<Vec<usize>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    let sides = sides.ok().and_then(|sides| sides.try_into().ok());
    sides.ok_or_else(|| "C,H,W expected: three whole numbers".to_owned())
}

fn parse_mask(text: &str) -> Result<MaskFile, String> {
    if let Some((path, index)) = text.rsplit_once(':')
        && let Ok(index) = index.parse()
    {
        return Ok(MaskFile {
            path: path.into(),
            index,
        });
    }
    Ok(MaskFile {
        path: text.into(),
        index: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn points() {
        let point = parse_point("12.5, 7").unwrap();
        assert_eq!(
            (point.x_px, point.y_px, point.label),
            (12.5, 7.0, PointLabel::Foreground)
        );
        assert_eq!(parse_point("1,2,bg").unwrap().label, PointLabel::Background);
        for bad in ["", "1", "1,2,3", "nan,1", "1,inf", "a,b", "1,2,foreground"] {
            assert!(parse_point(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn boxes() {
        assert!(parse_box("1,2,3,4").is_ok());
        for bad in ["3,2,1,4", "1,4,3,2", "1,1,1,5", "1,2,3", "1,2,3,nan"] {
            assert!(parse_box(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shapes() {
        assert_eq!(parse_shape("256, 64,64"), Ok([256, 64, 64]));
        for bad in ["", "256,64", "256,64,64,1", "a,b,c", "-1,2,3"] {
            assert!(parse_shape(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn masks() {
        let file = parse_mask("a:b.safetensors:2").unwrap();
        assert_eq!((file.path, file.index), ("a:b.safetensors".into(), 2));
        assert_eq!(parse_mask("a.safetensors").unwrap().index, 0);
    }
}
