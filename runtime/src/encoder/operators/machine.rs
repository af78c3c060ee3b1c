//! A program at work: its buffers, and the threads that run its steps.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::program::{Place, Program, Step};
use super::timing::timed;
use super::view::ValueId;
use crate::kernels::Team;

/// Buffers and threads of one run at a time.
pub(super) struct Machine {
    program: Arc<Program>,
    buffers: Vec<Vec<f32>>,
    codes: Vec<Vec<u8>>,
    team: Team,
}

impl Machine {
    /// # Errors
    /// If the system gives no more threads.
    pub(super) fn new(program: &Arc<Program>, threads: usize) -> io::Result<Self> {
        Ok(Self {
            program: Arc::clone(program),
            buffers: program
                .buffers
                .iter()
                .map(|length| vec![0.0; *length])
                .collect(),
            codes: program
                .codes
                .iter()
                .map(|length| vec![0; *length])
                .collect(),
            team: Team::new("fixate-encoder", threads - 1, |_| ())?,
        })
    }

    /// Runs all steps.
    pub(super) fn run(&mut self, inputs: &[&[f32]]) {
        let program = Arc::clone(&self.program);
        for step in &program.steps {
            match program.places[step.out.0] {
                Place::Buffer(buffer) => {
                    let mut out = std::mem::take(&mut self.buffers[buffer]);
                    let (values, team) = self.parts(inputs);
                    divided(team, step, &mut out, |first_row, out| {
                        step.work.run(values, first_row, out);
                    });
                    self.buffers[buffer] = out;
                }
                Place::Codes(buffer) => {
                    let mut out = std::mem::take(&mut self.codes[buffer]);
                    let (values, team) = self.parts(inputs);
                    divided(team, step, &mut out, |first_row, out| {
                        step.run_coded(values, first_row, out);
                    });
                    self.codes[buffer] = out;
                }
                Place::Input(_) | Place::Constant(_) => {}
            }
        }
    }

    /// What steps read, and who runs them.
    fn parts<'a>(&'a mut self, inputs: &'a [&'a [f32]]) -> (Values<'a>, &'a mut Team) {
        let values = Values {
            program: &self.program,
            inputs,
            buffers: &self.buffers,
            codes: &self.codes,
        };
        (values, &mut self.team)
    }

    /// An output of the last run: as long as it is, and perhaps more.
    pub(super) fn output<'a>(&'a self, index: usize, inputs: &'a [&'a [f32]]) -> &'a [f32] {
        let values = Values {
            program: &self.program,
            inputs,
            buffers: &self.buffers,
            codes: &self.codes,
        };
        values.get(self.program.outputs[index])
    }

    pub(super) fn program(&self) -> &Arc<Program> {
        &self.program
    }

    pub(super) fn threads(&self) -> usize {
        self.team.members()
    }
}

/// Parts of a step for each member of a team. Who is done with one takes the next, so that a processor that something else
/// uses too holds nobody up for long.
const PARTS_EACH: usize = 6;

/// Runs a step on all members of a team.
fn divided<T: Send>(
    team: &mut Team,
    step: &Step,
    out: &mut [T],
    run: impl Fn(usize, &mut [T]) + Sync,
) {
    let grain = step.work.grain();
    let count = match team.members() {
        1 => 1,
        members => members * PARTS_EACH,
    };
    let rows = step.rows.div_ceil(grain).div_ceil(count) * grain;
    let out = &mut out[..step.rows * step.columns];
    let parts = Mutex::new(out.chunks_mut((rows * step.columns).max(1)).enumerate());
    let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
    let mut members = vec![(); team.members()];
    timed(step, || {
        team.each(&mut members, |()| {
            while let Some((index, out)) = next() {
                run(index * rows, out);
            }
        });
    });
}

/// What steps read.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    program: &'a Program,
    inputs: &'a [&'a [f32]],
    buffers: &'a [Vec<f32>],
    codes: &'a [Vec<u8>],
}

impl<'a> Values<'a> {
    pub(super) fn get(&self, value: ValueId) -> &'a [f32] {
        match self.program.places[value.0] {
            Place::Input(input) => self.inputs[input],
            Place::Constant(constant) => &self.program.constants[constant],
            Place::Buffer(buffer) => &self.buffers[buffer],
            Place::Codes(_) => &[],
        }
    }

    /// Codes, as [`Self::get`] gives floats.
    pub(super) fn codes(&self, value: ValueId) -> &'a [u8] {
        match self.program.places[value.0] {
            Place::Codes(buffer) => &self.codes[buffer],
            Place::Input(_) | Place::Constant(_) | Place::Buffer(_) => &[],
        }
    }
}
