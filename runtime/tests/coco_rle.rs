//! Run lengths against pycocotools; the vectors are made by `data/make_rle.py`.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where it finds something missing"
)]

use fixate::mask::{Bitmap, Rle};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<usize> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|n| n.as_u64().unwrap() as usize).collect()
}

/// Rows as the columns where they enter and leave the mask, equal rows stored once.
fn bitmap(width: usize, rows: &Value) -> Bitmap {
    let mut bytes = Vec::new();
    for packed in rows.as_array().unwrap() {
        let mut row = vec![0; width];
        for run in numbers(&packed[1]).chunks(2) {
            row[run[0]..run[1]].fill(1);
        }
        for _ in 0..packed[0].as_u64().unwrap() {
            bytes.extend_from_slice(&row);
        }
    }
    let height = bytes.len() / width;
    Bitmap::from_bytes(width, height, bytes).unwrap()
}

#[test]
fn texts_are_those_of_pycocotools() {
    let vectors: Value = serde_json::from_str(include_str!("data/rle.json")).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert!(vectors.len() >= 14);
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let [height, width] = numbers(&vector["size"])[..] else {
            panic!("{name}: the size is not [height, width]");
        };
        let counts = vector["counts"].as_str().unwrap();
        let bitmap = bitmap(width, &vector["rows"]);
        assert_eq!(bitmap.height(), height, "{name}");

        let rle = Rle::from_bitmap(&bitmap).unwrap();
        assert_eq!(rle.to_compressed(), counts, "{name}");
        assert_eq!(rle.area(), vector["area"].as_u64().unwrap(), "{name}");
        assert_eq!(bitmap.area(), rle.area(), "{name}");
        assert_eq!(
            bitmap.bounding_box()[..],
            numbers(&vector["bbox"]),
            "{name}"
        );

        let read = Rle::from_compressed(width, height, counts).unwrap();
        assert_eq!(read, rle, "{name}");
        assert_eq!(read.to_bitmap(), bitmap, "{name}");
    }
}
