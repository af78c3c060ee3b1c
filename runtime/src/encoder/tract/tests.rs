use super::*;

const TINY: &[u8] = include_bytes!("../../../tests/data/tiny_encoder.onnx");

fn options() -> TractOptions {
    TractOptions {
        input: "image".to_owned(),
        output: "image_embeddings".to_owned(),
        input_size_px: 8,
        embedding_shape: [2, 2, 2],
        threads: 1,
        weights: None,
    }
}

fn refusal(onnx: &[u8], change: impl FnOnce(&mut TractOptions)) -> EncoderError {
    let mut options = options();
    change(&mut options);
    TractEncoder::new(onnx, &options).err().unwrap()
}

/// What the graph computes, written out.
fn expected(input: &[f32]) -> Vec<f32> {
    let mut embedding = Vec::new();
    for channel in 0..2 {
        for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let mut sum = [0.5, -0.25][channel];
            for i in 0..48 {
                let (plane, y, x) = (i / 16, i / 4 % 4, i % 4);
                let weight = ((channel * 48 + i) % 13) as f32 / 16.0 - 6.0 / 16.0;
                sum += weight * input[plane * 64 + (row * 4 + y) * 8 + column * 4 + x];
            }
            embedding.push(sum);
        }
    }
    embedding
}

#[test]
fn an_image_is_encoded_with_any_number_of_threads() {
    let input: Vec<f32> = (0..192)
        .map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0)
        .collect();
    for threads in [1, 2] {
        let mut encoder = TractEncoder::new(
            TINY,
            &TractOptions {
                threads,
                ..options()
            },
        )
        .unwrap();
        assert_eq!(
            (encoder.input_size_px(), encoder.embedding_shape()),
            (8, [2, 2, 2])
        );
        for _ in 0..2 {
            let mut embedding = [0.0; 8];
            encoder.encode_into(&input, &mut embedding).unwrap();
            for (found, expected) in embedding.iter().zip(expected(&input)) {
                assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
            }
        }
    }
}

#[test]
fn half_precision_weights_are_cast_once() {
    let plan = load(TINY, &options(), operators::rewrite).unwrap();
    let casts = plan
        .model()
        .nodes()
        .iter()
        .filter(|node| node.op().name() == "Cast");
    assert_eq!(casts.count(), 0);
}

#[test]
fn graphs_that_do_not_fit_are_refused() {
    let expected = "pixels".to_owned();
    let found = vec!["image".to_owned()];
    assert_eq!(
        refusal(TINY, |options| options.input = expected.clone()),
        EncoderError::Inputs { expected, found }
    );
    let expected = "features".to_owned();
    let found = vec!["image_embeddings".to_owned()];
    assert_eq!(
        refusal(TINY, |options| options.output = expected.clone()),
        EncoderError::Output { expected, found }
    );
    let error = refusal(TINY, |options| options.embedding_shape = [2, 2, 3]);
    assert!(
        matches!(error, EncoderError::EmbeddingShape { .. }),
        "{error}"
    );
    // The graph was exported for another size; whatever refuses it must not panic.
    refusal(TINY, |options| options.input_size_px = 16);
    for threads in [0, 257] {
        let error = refusal(TINY, |options| options.threads = threads);
        assert_eq!(error, EncoderError::Threads { found: threads });
    }
}

#[test]
fn damaged_graphs_are_refused() {
    for length in 0..TINY.len() {
        // A few cuts fall between fields and leave a graph that lacks only its end.
        if let Err(error) = TractEncoder::new(&TINY[..length], &options()) {
            assert!(!error.to_string().is_empty());
        }
    }
    assert!(matches!(refusal(&[], |_| ()), EncoderError::Load(_)));
    assert!(matches!(
        refusal(b"not a graph", |_| ()),
        EncoderError::Load(_)
    ));
    for index in (0..TINY.len()).step_by(7) {
        let mut damaged = TINY.to_vec();
        damaged[index] ^= 0x55;
        let _ = TractEncoder::new(&damaged, &options());
    }
}

#[test]
fn results_that_are_not_finite_are_refused() {
    let mut encoder = TractEncoder::new(TINY, &options()).unwrap();
    let mut embedding = [0.0; 8];
    for value in [f32::NAN, f32::INFINITY, f32::MAX] {
        let input = [value; 192];
        assert_eq!(
            encoder.encode_into(&input, &mut embedding),
            Err(EncoderError::NotFinite)
        );
    }
    assert_eq!(encoder.encode_into(&[0.0; 192], &mut embedding), Ok(()));
    let (what, expected) = ("input", 192);
    assert_eq!(
        encoder.encode_into(&[0.0; 191], &mut embedding),
        Err(EncoderError::Length {
            what,
            expected,
            found: 191
        })
    );
    let (what, expected) = ("embedding", 8);
    assert_eq!(
        encoder.encode_into(&[0.0; 192], &mut [0.0; 9]),
        Err(EncoderError::Length {
            what,
            expected,
            found: 9
        })
    );
}

#[test]
fn panics_become_errors() {
    let error = guarded::<(), _>(EncoderError::Run, || panic!("number {}", 7)).unwrap_err();
    assert_eq!(error, EncoderError::Run("number 7".to_owned()));
}

#[test]
fn times_are_told_by_kind_before_and_after() {
    let input = vec![0.5; 192];
    let times = operator_times(TINY, &options(), &input, 2).unwrap();
    let of = |times: &[OperatorTime], kind: &str| {
        let found = times.iter().find(|time| time.kind == kind);
        found.map(|time| time.count)
    };
    assert_eq!(of(&times.before, "product"), None);
    assert_eq!(of(&times.after, "product"), Some(1));
    for times in [&times.before, &times.after] {
        assert!(times.iter().all(|kind| kind.count > 0));
        assert!(times.is_sorted_by(|a, b| a.time >= b.time));
    }
    // Nobody is timed any more.
    assert!(operators::timing::take().is_empty());
    assert_eq!(
        operator_times(TINY, &options(), &input[1..], 1).unwrap_err(),
        EncoderError::Length {
            what: "input",
            expected: 192,
            found: 191
        }
    );
}
