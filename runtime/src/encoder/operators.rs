//! Our own operators for tract: what encoders spend their time on, rewritten before the graph runs.
//!
//! A [`region`] is a stretch of the graph whose operators are all known; it becomes one operator. Inside, every value is
//! rows of channels, one after the other, whatever order of axes the graph asks for: a [`view`] says where the graph's
//! elements lie, so that moving, cutting and merging axes costs nothing. [`lowering`] turns the graph's operators into a
//! few steps with biases, residuals and activations fused into them, whose buffers a [`program`] plans once; a [`machine`]
//! runs them on threads of its own. What is not known stays with tract. [`timing`] tells what each takes.

mod attention;
mod codes;
mod constants;
mod copy;
mod depthwise;
mod layer_norm;
mod left;
mod lookup;
mod lowering;
mod machine;
mod max_pool;
mod pending;
mod product;
mod program;
mod region;
mod sum;
pub(super) mod timing;
mod view;

pub(super) use region::rewrite;

#[cfg(test)]
mod tests;
