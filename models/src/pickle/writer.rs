//! Pickles written by hand, to test the reader with.

/// Writes pickles by hand.
#[derive(Clone, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(vec![0x80, 2])
    }

    pub(crate) fn code(mut self, codes: &[u8]) -> Self {
        self.0.extend_from_slice(codes);
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.push(b'X');
        self.0.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn integer(mut self, integer: i64) -> Self {
        self.0.extend_from_slice(&[0x8a, 8]);
        self.0.extend_from_slice(&integer.to_le_bytes());
        self
    }

    pub(crate) fn integers(self, integers: &[i64]) -> Self {
        integers
            .iter()
            .fold(self.code(b"("), |writer, integer| writer.integer(*integer))
            .code(b"t")
    }

    pub(crate) fn callable(self, module: &str, name: &str) -> Self {
        self.code(format!("c{module}\n{name}\n").as_bytes())
    }

    pub(crate) fn tensor(
        self,
        storage_length: i64,
        first: i64,
        shape: &[i64],
        strides: &[i64],
    ) -> Self {
        self.callable("torch._utils", "_rebuild_tensor_v2")
            .code(b"((")
            .text("storage")
            .callable("torch", "FloatStorage")
            .text("7")
            .text("cpu")
            .integer(storage_length)
            .code(b"tQ")
            .integer(first)
            .integers(shape)
            .integers(strides)
            .code(&[0x89])
            .callable("collections", "OrderedDict")
            .code(b")RtR")
    }

    /// A dictionary with one tensor, `weight`.
    pub(crate) fn dictionary(
        storage_length: i64,
        first: i64,
        shape: &[i64],
        strides: &[i64],
    ) -> Vec<u8> {
        Self::new()
            .code(b"}")
            .text("weight")
            .tensor(storage_length, first, shape, strides)
            .code(b"s.")
            .0
    }
}
