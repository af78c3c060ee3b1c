//! The channels of a recording and their schemas.

use std::collections::BTreeMap;
use std::io::{Seek, Write};

use mcap::{McapResult, Writer};
use serde_json::{Value, json};

use super::entry::FORMAT;

pub(super) const ENGINE_TOPIC: &str = "/fixate/engine";
const JSON: &str = "json";

/// The channels' numbers in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channels {
    pub(super) engine: u16,
    pub(super) image: u16,
    pub(super) gaze: u16,
    pub(super) gaze_annotations: u16,
    pub(super) imu: u16,
    pub(super) answers: u16,
    pub(super) masks: u16,
    pub(super) mask_annotations: u16,
}

impl Channels {
    /// Writes all schemas and channels.
    pub(super) fn add(writer: &mut Writer<impl Write + Seek>) -> McapResult<Self> {
        let none = BTreeMap::new();
        // Viewers pass over a channel without a schema: it is for replays alone.
        let format = BTreeMap::from([("format".to_owned(), FORMAT.to_string())]);
        let engine = writer.add_channel(0, ENGINE_TOPIC, "postcard", &format)?;
        let mut add = |topic: &str, name: &str, schema: &Value| -> McapResult<u16> {
            let text = schema.to_string();
            let schema = writer.add_schema(name, "jsonschema", text.as_bytes())?;
            writer.add_channel(schema, topic, JSON, &none)
        };
        let annotations = image_annotations();
        Ok(Self {
            engine,
            image: add(
                "/camera/image",
                "foxglove.CompressedImage",
                &compressed_image(),
            )?,
            gaze: add("/fixate/gaze", "fixate.Gaze", &gaze())?,
            gaze_annotations: add(
                "/fixate/gaze/annotations",
                "foxglove.ImageAnnotations",
                &annotations,
            )?,
            imu: add("/fixate/imu", "fixate.Imu", &imu())?,
            answers: add("/fixate/answers", "fixate.Answer", &answer())?,
            masks: add("/fixate/masks", "fixate.Mask", &mask())?,
            mask_annotations: add(
                "/fixate/masks/annotations",
                "foxglove.ImageAnnotations",
                &annotations,
            )?,
        })
    }
}

fn object(properties: &Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

fn titled(title: &str, properties: &Value) -> Value {
    let mut schema = object(properties);
    schema["title"] = json!(title);
    schema
}

fn number() -> Value {
    json!({ "type": "number" })
}

fn integer() -> Value {
    json!({ "type": "integer" })
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn time() -> Value {
    object(&json!({ "sec": integer(), "nsec": integer() }))
}

fn point() -> Value {
    object(&json!({ "x": number(), "y": number() }))
}

fn colour() -> Value {
    object(&json!({ "r": number(), "g": number(), "b": number(), "a": number() }))
}

fn compressed_image() -> Value {
    titled(
        "foxglove.CompressedImage",
        &json!({
            "timestamp": time(),
            "frame_id": string(),
            "data": { "type": "string", "contentEncoding": "base64" },
            "format": string(),
        }),
    )
}

fn image_annotations() -> Value {
    let metadata = list(&object(&json!({ "key": string(), "value": string() })));
    let circle = object(&json!({
        "timestamp": time(), "position": point(), "diameter": number(), "thickness": number(),
        "fill_color": colour(), "outline_color": colour(), "metadata": metadata,
    }));
    let points = object(&json!({
        "timestamp": time(), "type": integer(), "points": list(&point()), "thickness": number(),
        "outline_color": colour(), "outline_colors": list(&colour()), "fill_color": colour(),
        "metadata": metadata,
    }));
    let text = object(&json!({
        "timestamp": time(), "position": point(), "text": string(), "font_size": number(),
        "text_color": colour(), "background_color": colour(), "metadata": metadata,
    }));
    titled(
        "foxglove.ImageAnnotations",
        &json!({ "circles": list(&circle), "points": list(&points), "texts": list(&text) }),
    )
}

fn gaze() -> Value {
    titled(
        "fixate.Gaze",
        &json!({
            "timestamp": time(),
            "x_px": number(),
            "y_px": number(),
            "pixels_of": { "type": "string", "enum": ["frame", "tracker"] },
            "valid": { "type": "boolean" },
            "confidence": { "type": ["number", "null"] },
        }),
    )
}

fn imu() -> Value {
    let rates = object(&json!({ "x": number(), "y": number(), "z": number() }));
    titled(
        "fixate.Imu",
        &json!({ "timestamp": time(), "rate_rad_s": rates }),
    )
}

fn answer() -> Value {
    titled(
        "fixate.Answer",
        &json!({
            "timestamp": time(),
            "prompt": integer(),
            "kind": { "type": "string", "enum": ["fresh", "propagated", "held", "none"] },
            "reason": { "type": ["string", "null"] },
            "predicted_iou": { "type": ["number", "null"] },
            "latency_us": integer(),
            "in_time": { "type": "boolean" },
            "mask_age_us": { "type": ["integer", "null"] },
        }),
    )
}

fn mask() -> Value {
    let rle = object(&json!({ "size": list(&integer()), "counts": string() }));
    titled(
        "fixate.Mask",
        &json!({
            "timestamp": time(),
            "prompt": integer(),
            "frame": integer(),
            "area": integer(),
            "bbox": list(&integer()),
            "rle": rle,
        }),
    )
}
