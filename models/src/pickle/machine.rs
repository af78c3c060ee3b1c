//! The stack machine that a pickle is a program for.

use std::collections::{HashMap, HashSet};

use super::tensors::{StorageRecord, tensor};
use super::{ElementType, PickleError, TensorRecord};

/// A value on the stack. The numbers are indices into the machine's lists.
#[derive(Clone, Copy, Debug)]
enum Value {
    Nothing,
    Boolean,
    Integer(i64),
    Text(usize),
    Tuple(usize),
    Dictionary(usize),
    Callable(Callable),
    Storage(usize),
    Tensor(usize),
}

#[derive(Clone, Copy, Debug)]
enum Callable {
    OrderedDictionary,
    RebuildTensor,
    Storage(ElementType),
}

#[derive(Default)]
pub(super) struct Machine {
    stack: Vec<Value>,
    /// Lengths of the stack where marks were set.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    texts: Vec<String>,
    tuples: Vec<Vec<Value>>,
    dictionaries: Vec<Vec<(Value, Value)>>,
    storages: Vec<StorageRecord>,
    tensors: Vec<TensorRecord>,
    offset: usize,
}

/// Reads the arguments of instructions.
struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], PickleError> {
        let end = self
            .offset
            .checked_add(count)
            .filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(PickleError::Truncated {
                offset: self.bytes.len(),
            });
        };
        let taken = &self.bytes[self.offset..end];
        self.offset = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, PickleError> {
        Ok(self.array::<1>()?[0])
    }

    fn line(&mut self) -> Result<&'a str, PickleError> {
        let rest = &self.bytes[self.offset..];
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
            return Err(PickleError::Truncated {
                offset: self.bytes.len(),
            });
        };
        let offset = self.offset;
        let line = self.take(length + 1)?;
        std::str::from_utf8(&line[..length]).map_err(|_| PickleError::Malformed {
            offset,
            expected: "a name in UTF-8",
        })
    }
}

impl Machine {
    pub(super) fn run(mut self, pickle: &[u8]) -> Result<Vec<(String, TensorRecord)>, PickleError> {
        let mut reader = Reader {
            bytes: pickle,
            offset: 0,
        };
        if reader.array()? != [0x80, 2] {
            return Err(self.malformed("a pickle of protocol 2"));
        }
        loop {
            self.offset = reader.offset;
            let code = reader.byte()?;
            if code == b'.' {
                return self.finish();
            }
            self.step(code, &mut reader)?;
        }
    }

    fn step(&mut self, code: u8, reader: &mut Reader<'_>) -> Result<(), PickleError> {
        match code {
            b'(' => self.marks.push(self.stack.len()),
            b'N' => self.stack.push(Value::Nothing),
            0x88 | 0x89 => self.stack.push(Value::Boolean),
            b'J' => self.push_integer(i32::from_le_bytes(reader.array()?)),
            b'K' => self.push_integer(reader.byte()?),
            b'M' => self.push_integer(u16::from_le_bytes(reader.array()?)),
            0x8a => {
                let length = usize::from(reader.byte()?);
                let integer = self.long_integer(reader.take(length)?)?;
                self.push_integer(integer);
            }
            b'X' => {
                let length = u32::from_le_bytes(reader.array()?) as usize;
                let Ok(text) = std::str::from_utf8(reader.take(length)?) else {
                    return Err(self.malformed("a string in UTF-8"));
                };
                self.stack.push(Value::Text(self.texts.len()));
                self.texts.push(text.to_owned());
            }
            b'c' => {
                let callable = self.callable(reader.line()?, reader.line()?)?;
                self.stack.push(Value::Callable(callable));
            }
            b'}' => self.push_dictionary(),
            b')' => self.push_tuple(0)?,
            0x85 => self.push_tuple(1)?,
            0x86 => self.push_tuple(2)?,
            0x87 => self.push_tuple(3)?,
            b't' => {
                let count = self.since_mark()?;
                self.push_tuple(count)?;
            }
            b's' => self.set_items(2)?,
            b'u' => {
                let count = self.since_mark()?;
                self.set_items(count)?;
            }
            b'q' => self.memorize(u32::from(reader.byte()?))?,
            b'r' => self.memorize(u32::from_le_bytes(reader.array()?))?,
            b'h' => self.recall(u32::from(reader.byte()?))?,
            b'j' => self.recall(u32::from_le_bytes(reader.array()?))?,
            b'Q' => self.persistent()?,
            b'R' => self.call()?,
            b'b' => self.build()?,
            code => {
                return Err(PickleError::Instruction {
                    offset: self.offset,
                    code,
                });
            }
        }
        Ok(())
    }

    fn malformed(&self, expected: &'static str) -> PickleError {
        PickleError::Malformed {
            offset: self.offset,
            expected,
        }
    }

    fn pop(&mut self) -> Result<Value, PickleError> {
        // Values below a mark belong to whatever the mark began.
        match self.marks.last() {
            Some(mark) if *mark >= self.stack.len() => {
                Err(self.malformed("a value after the mark"))
            }
            _ => self
                .stack
                .pop()
                .ok_or_else(|| self.malformed("a value on the stack")),
        }
    }

    fn push_integer(&mut self, integer: impl Into<i64>) {
        self.stack.push(Value::Integer(integer.into()));
    }

    /// A two's complement integer of up to eight bytes.
    fn long_integer(&self, bytes: &[u8]) -> Result<i64, PickleError> {
        let sign = match bytes.last() {
            Some(last) if *last >= 0x80 => 0xff,
            _ => 0,
        };
        let mut extended = [sign; 8];
        match extended.get_mut(..bytes.len()) {
            Some(low) => low.copy_from_slice(bytes),
            None => return Err(self.malformed("an integer of at most 64 bits")),
        }
        Ok(i64::from_le_bytes(extended))
    }

    fn push_dictionary(&mut self) {
        self.stack.push(Value::Dictionary(self.dictionaries.len()));
        self.dictionaries.push(Vec::new());
    }

    fn push_tuple(&mut self, count: usize) -> Result<(), PickleError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let start = self
            .stack
            .len()
            .checked_sub(count)
            .filter(|start| *start >= floor);
        let Some(start) = start else {
            return Err(self.malformed("more values for a tuple"));
        };
        let items = self.stack.split_off(start);
        self.stack.push(Value::Tuple(self.tuples.len()));
        self.tuples.push(items);
        Ok(())
    }

    /// Removes the last mark and says how many values are above it.
    fn since_mark(&mut self) -> Result<usize, PickleError> {
        let mark = self.marks.pop().ok_or_else(|| self.malformed("a mark"))?;
        Ok(self.stack.len().saturating_sub(mark))
    }

    /// Moves the last `count` values, keys and values in turn, into the dictionary before them.
    fn set_items(&mut self, count: usize) -> Result<(), PickleError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let start = self
            .stack
            .len()
            .checked_sub(count)
            .filter(|start| *start > floor);
        let (Some(start), true) = (start, count.is_multiple_of(2)) else {
            return Err(self.malformed("a dictionary, keys and values"));
        };
        let Value::Dictionary(dictionary) = self.stack[start - 1] else {
            return Err(self.malformed("a dictionary before keys and values"));
        };
        let pairs = self.stack[start..]
            .chunks_exact(2)
            .map(|pair| (pair[0], pair[1]));
        self.dictionaries[dictionary].extend(pairs);
        self.stack.truncate(start);
        Ok(())
    }

    fn memorize(&mut self, index: u32) -> Result<(), PickleError> {
        let value = *self
            .stack
            .last()
            .ok_or_else(|| self.malformed("a value to remember"))?;
        self.memo.insert(index, value);
        Ok(())
    }

    fn recall(&mut self, index: u32) -> Result<(), PickleError> {
        let value = *self
            .memo
            .get(&index)
            .ok_or_else(|| self.malformed("a value remembered"))?;
        self.stack.push(value);
        Ok(())
    }

    fn callable(&self, module: &str, name: &str) -> Result<Callable, PickleError> {
        match (module, name) {
            ("collections", "OrderedDict") => Ok(Callable::OrderedDictionary),
            ("torch._utils", "_rebuild_tensor_v2") => Ok(Callable::RebuildTensor),
            ("torch", "FloatStorage") => Ok(Callable::Storage(ElementType::F32)),
            ("torch", "HalfStorage") => Ok(Callable::Storage(ElementType::F16)),
            ("torch", "BFloat16Storage") => Ok(Callable::Storage(ElementType::Bf16)),
            ("torch", "LongStorage") => Ok(Callable::Storage(ElementType::I64)),
            _ => Err(PickleError::Callable {
                offset: self.offset,
                name: format!("{module}.{name}").chars().take(200).collect(),
            }),
        }
    }

    /// `('storage', type, name, device, length)`.
    fn persistent(&mut self) -> Result<(), PickleError> {
        let expected = "('storage', type, name, device, length)";
        let Value::Tuple(tuple) = self.pop()? else {
            return Err(self.malformed(expected));
        };
        let [
            Value::Text(kind),
            Value::Callable(Callable::Storage(element_type)),
            Value::Text(name),
            Value::Text(_device),
            Value::Integer(length),
        ] = self.tuples[tuple][..]
        else {
            return Err(self.malformed(expected));
        };
        let name = self.texts[name].clone();
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let (true, true, Ok(length)) = (self.texts[kind] == "storage", plain, length.try_into())
        else {
            return Err(self.malformed(expected));
        };
        self.stack.push(Value::Storage(self.storages.len()));
        self.storages.push(StorageRecord {
            name,
            element_type,
            length,
        });
        Ok(())
    }

    fn call(&mut self) -> Result<(), PickleError> {
        let Value::Tuple(arguments) = self.pop()? else {
            return Err(self.malformed("a tuple of arguments"));
        };
        match self.pop()? {
            Value::Callable(Callable::OrderedDictionary) if self.tuples[arguments].is_empty() => {
                self.push_dictionary();
                Ok(())
            }
            Value::Callable(Callable::RebuildTensor) => self.rebuild_tensor(arguments),
            _ => Err(self.malformed("OrderedDict() or _rebuild_tensor_v2(...)")),
        }
    }

    /// `(storage, first, shape, strides, requires_grad, hooks)`.
    fn rebuild_tensor(&mut self, arguments: usize) -> Result<(), PickleError> {
        let [
            Value::Storage(storage),
            Value::Integer(first),
            Value::Tuple(shape),
            Value::Tuple(strides),
            Value::Boolean,
            Value::Dictionary(_hooks),
        ] = self.tuples[arguments][..]
        else {
            return Err(self.malformed("(storage, first, shape, strides, requires_grad, hooks)"));
        };
        let shape = self.integers(shape)?;
        let strides = self.integers(strides)?;
        let tensor = tensor(&self.storages[storage], first, shape, strides, self.offset)?;
        self.stack.push(Value::Tensor(self.tensors.len()));
        self.tensors.push(tensor);
        Ok(())
    }

    fn integers(&self, tuple: usize) -> Result<Vec<i64>, PickleError> {
        let values = self.tuples[tuple].iter();
        values
            .map(|value| match value {
                Value::Integer(integer) => Ok(*integer),
                _ => Err(self.malformed("integers")),
            })
            .collect()
    }

    /// Sets an object's attributes. A dictionary's are versions of modules, which nothing needs.
    fn build(&mut self) -> Result<(), PickleError> {
        match (self.pop()?, self.stack.last()) {
            (Value::Dictionary(_), Some(Value::Dictionary(_))) => Ok(()),
            _ => Err(self.malformed("attributes of a dictionary")),
        }
    }

    fn finish(mut self) -> Result<Vec<(String, TensorRecord)>, PickleError> {
        let Value::Dictionary(mut root) = self.pop()? else {
            return Err(self.malformed("a dictionary at the top"));
        };
        let nested = self.dictionaries[root]
            .iter()
            .find_map(|entry| match *entry {
                (Value::Text(key), Value::Dictionary(dictionary))
                    if matches!(self.texts[key].as_str(), "state_dict" | "model") =>
                {
                    Some(dictionary)
                }
                _ => None,
            });
        root = nested.unwrap_or(root);
        let mut tensors = Vec::new();
        let mut names = HashSet::new();
        for entry in &self.dictionaries[root] {
            if let (Value::Text(name), Value::Tensor(tensor)) = *entry {
                let name = self.texts[name].clone();
                if !names.insert(name.clone()) {
                    return Err(PickleError::Duplicate { name });
                }
                tensors.push((name, self.tensors[tensor].clone()));
            }
        }
        if tensors.is_empty() {
            Err(PickleError::Empty)
        } else {
            Ok(tensors)
        }
    }
}
