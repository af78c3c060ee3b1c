//! Weights that lie in files beside an ONNX file: exporters make one such file, or one for each tensor; a bundle has one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use prost::Message;
use tract_onnx::pb::{GraphProto, ModelProto, StringStringEntryProto, TensorProto};

use super::ImportError;
use super::onnx_files::copy;
use crate::hashed_file::HashedFile;
use crate::signature::{read_graph, tensors};

/// Offsets are multiples of a page, so that engines can map the file.
const PAGE_BYTES: u64 = 4096;

/// A graph whose tensors are being gathered into one file.
pub(super) struct Inlined {
    path: PathBuf,
    /// Where all files must lie, without links.
    folder: PathBuf,
    model: ModelProto,
}

/// Part of a file.
struct Place {
    file: PathBuf,
    offset: u64,
    length: u64,
}

impl Inlined {
    /// Reads a graph.
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        let model = read_graph(path).map_err(|error| ImportError::Signature {
            path: path.to_owned(),
            error,
        })?;
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        let folder = parent.unwrap_or(Path::new(".")).canonicalize()?;
        Ok(Self {
            path: path.to_owned(),
            folder,
            model,
        })
    }

    /// Copies all weights that are not in the graph into `target`, which the graph then calls `name`.
    pub(super) fn gather(
        &mut self,
        name: &str,
        target: &mut HashedFile,
        advance: &mut dyn FnMut(u64),
    ) -> Result<(), ImportError> {
        let Some(mut graph) = self.model.graph.take() else {
            return Ok(());
        };
        let places = self.places(&graph)?;
        let mut places = places.iter();
        let mut open: Option<(PathBuf, File)> = None;
        for tensor in external_tensors(&mut graph) {
            // One for each, in the same order.
            let Some(place) = places.next() else { break };
            let offset = target.length().next_multiple_of(PAGE_BYTES);
            let gap_bytes = offset - target.length();
            io::copy(&mut io::repeat(0).take(gap_bytes), target)?;
            let file = match &mut open {
                Some((path, file)) if *path == place.file => file,
                other => {
                    let file = File::open(&place.file)?;
                    &mut other.insert((place.file.clone(), file)).1
                }
            };
            file.seek(SeekFrom::Start(place.offset))?;
            let copied = copy(&mut file.take(place.length), target, advance)?;
            if copied != place.length {
                return Err(self.refusal(format!("{} was cut short", place.file.display())));
            }
            tensor.external_data = [
                ("location", name.to_owned()),
                ("offset", offset.to_string()),
                ("length", place.length.to_string()),
            ]
            .map(|(key, value)| StringStringEntryProto {
                key: key.to_owned(),
                value,
            })
            .to_vec();
        }
        self.model.graph = Some(graph);
        Ok(())
    }

    /// The graph as a file.
    pub(super) fn into_graph(self) -> Vec<u8> {
        self.model.encode_to_vec()
    }

    /// Where the weights are, in the order of [`external_tensors`]. All of them together are no longer than the files
    /// they come from: tensors may share bytes, so that a small hostile graph could ask for any amount.
    fn places(&self, graph: &GraphProto) -> Result<Vec<Place>, ImportError> {
        let mut lengths = BTreeMap::new();
        let mut places = Vec::new();
        let mut total = 0_u64;
        for tensor in tensors(graph).filter(|tensor| !tensor.external_data.is_empty()) {
            let place = self.place(tensor, &mut lengths)?;
            total = total.saturating_add(place.length);
            places.push(place);
        }
        let most: u64 = lengths.values().sum();
        if total > most {
            let reason = format!("tensors ask for {total} bytes of files with {most}");
            return Err(self.refusal(reason));
        }
        Ok(places)
    }

    fn place(
        &self,
        tensor: &TensorProto,
        lengths: &mut BTreeMap<PathBuf, u64>,
    ) -> Result<Place, ImportError> {
        let name = &tensor.name;
        let keys: BTreeSet<&str> = tensor
            .external_data
            .iter()
            .map(|e| e.key.as_str())
            .collect();
        if keys.len() != tensor.external_data.len() {
            return Err(self.refusal(format!("tensor {name:?} says twice where it is")));
        }
        let entry = |key: &str| {
            let mut entries = tensor.external_data.iter();
            entries
                .find(|entry| entry.key == key)
                .map(|entry| entry.value.as_str())
        };
        let number = |key: &'static str| {
            let parsed = entry(key).map(str::parse::<u64>).transpose();
            parsed.map_err(|_| self.refusal(format!("the {key} of tensor {name:?} is no number")))
        };
        let location = entry("location").unwrap_or_default();
        let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        let outside = || self.refusal(format!("{location:?} is not a file beside the graph"));
        if location.is_empty() || !Path::new(location).components().all(plain) {
            return Err(outside());
        }
        let joined = self.folder.join(location);
        let file = joined.canonicalize().map_err(|error| {
            self.refusal(format!("{} cannot be read: {error}", joined.display()))
        })?;
        let metadata = fs::metadata(&file)?;
        if !file.starts_with(&self.folder) || !metadata.is_file() {
            return Err(outside());
        }
        let whole = *lengths.entry(file.clone()).or_insert(metadata.len());
        let offset = number("offset")?.unwrap_or(0);
        let rest = whole.saturating_sub(offset);
        let length = number("length")?.unwrap_or(rest);
        if length > rest {
            return Err(self.refusal(format!(
                "tensor {name:?} is said to have {length} bytes at {offset} of {location:?}, which has {whole}"
            )));
        }
        Ok(Place {
            file,
            offset,
            length,
        })
    }

    fn refusal(&self, reason: String) -> ImportError {
        ImportError::ExternalData {
            path: self.path.clone(),
            reason,
        }
    }
}

/// The tensors that are not in the graph, as [`tensors`] lists them.
fn external_tensors(graph: &mut GraphProto) -> Vec<&mut TensorProto> {
    let mut found = Vec::new();
    collect(graph, &mut found);
    found.retain(|tensor| !tensor.external_data.is_empty());
    found
}

fn collect<'a>(graph: &'a mut GraphProto, found: &mut Vec<&'a mut TensorProto>) {
    found.extend(graph.initializer.iter_mut());
    for attribute in graph.node.iter_mut().flat_map(|node| &mut node.attribute) {
        found.extend(attribute.t.iter_mut());
        found.extend(attribute.tensors.iter_mut());
        for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
            collect(graph, found);
        }
    }
}
