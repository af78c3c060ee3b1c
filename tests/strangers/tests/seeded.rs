//! Every kind of stranger, for some thousand inputs that a seed draws; a fuzzer goes further.

/// Inputs of these lengths, drawn from a seed. Of bytes that are all random few would be small numbers, which choose
/// among what there is; so half of them are small.
fn inputs(seed: u64, count: usize, longest: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(move |_| {
        let length = random.usize(1..=longest);
        let small = random.bool();
        let byte = |_| match small && random.bool() {
            true => random.u8(..8),
            false => random.u8(..),
        };
        (0..length).map(byte).collect()
    })
}

#[test]
fn frames() {
    inputs(1, 10_000, 256).for_each(|input| fixate_strangers::frame(&input));
}

#[test]
fn calls_from_c() {
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/strangers");
    fixate_strangers::start(folder.as_ref());
    inputs(2, 20_000, 2_048).for_each(|input| fixate_strangers::surface(&input));
}

#[test]
fn bytes_of_a_link() {
    inputs(3, 100_000, 1_024).for_each(|input| fixate_strangers::wire(&input));
}
