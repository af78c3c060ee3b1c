//! Arithmetic on slices of `f32`: matrix products and the row and column loops between them; windows
//! of gray images.
//!
//! Each loop is written once, in plain Rust, and compiled once per instruction set; the set is
//! picked when the program runs. This is the only folder that may use `unsafe` for arithmetic, and
//! each use says why it holds.
//!
//! All matrices are row-major unless a stride says otherwise. Slices of the wrong length are
//! mistakes of the caller, not of the input, and panic.
#![allow(unsafe_code)]

mod ahead;
mod block_matmul;
mod centred_norm;
mod code_pairs;
mod coded_product;
mod coding;
mod columns;
pub(crate) mod corner_response;
mod depthwise;
mod dispatch;
mod elementwise;
mod float;
mod gelu;
pub(crate) mod image_plane;
mod interleave;
mod large_pages;
mod linear_panels;
mod matmul;
mod normalization;
mod packed_product;
pub(crate) mod patch_flow;
mod relu;
pub(crate) mod resample;
mod running_softmax;
mod sampler;
mod softmax;
mod team;
mod transpose;
mod vector;

pub use ahead::Ahead;
pub use block_matmul::{
    GeluSums, Groups, Start, block_matmul, block_matmul_ahead, block_matmul_blended,
    block_matmul_from, block_matmul_groups, block_matmul_of_pairs_ahead,
    block_matmul_of_pairs_from, gelu_sums, gelu_sums_of_pairs,
};
pub use centred_norm::centred_norm_gelu;
pub use code_pairs::{CodePairDots, CodePairs, code_left, code_right};
pub use coded_product::{
    CODE_GROUP, CodeRows, CodedMatrix, ColumnScales, bytes_are_faster, coded_product,
    encoded_product,
};
pub use coding::{
    Coding, add_codes_into, decode_add_assign, decode_into, encode_into, round_to_codes,
};
pub use columns::{
    add_column_dots, affine_columns_into, inverse_deviations, scale_columns, scale_columns_into,
};
pub use depthwise::{RowTaps, depthwise_row};
pub use dispatch::InstructionSet;
pub use elementwise::{
    add, add_assign, add_into, add_repeatedly, add_to_stretches, all_finite, max_assign,
    max_assign_codes, scale,
};
pub use gelu::gelu;
pub use interleave::interleave;
pub use large_pages::LargePages;
pub use linear_panels::LinearPanels;
pub use matmul::{Matrix, MatrixMut, Update, matmul};
pub use normalization::{layer_norm_columns, layer_norm_rows};
pub use packed_product::{PANEL_COLUMNS, PackedMatrix, TILE_ROWS, TileRows, packed_product};
pub use relu::relu;
pub use running_softmax::RunningSoftmax;
pub use softmax::{softmax_columns, softmax_rows};
pub use team::Team;
pub use transpose::{transpose_into, transpose_strided_into};
