//! A tracker that is not there: gaze and inertial samples at 200 Hz, strobes at 30 Hz, on a Cortex-M4F.
//!
//! [`board`] is the hardware, and the only place with unsafe code; [`device`] is what the device does, without
//! hardware; [`samples`] is what it pretends to measure.

#![no_std]
#![no_main]

mod board;
mod device;
mod samples;

use core::panic::PanicInfo;

use board::Board;
use cortex_m_rt::entry;
use device::Device;

#[entry]
fn main() -> ! {
    // Static, so that the linker's map says how much memory it takes.
    static mut DEVICE: Device = Device::new();
    let mut board = Board::start();
    loop {
        let now_us = board.now_us();
        if let Some(byte) = board.receive() {
            DEVICE.receive(byte, now_us);
        }
        DEVICE.poll(now_us);
        while board.may_transmit() {
            let Some(byte) = DEVICE.transmit(now_us) else {
                break;
            };
            board.transmit(byte);
        }
    }
}

#[panic_handler]
fn stop(_: &PanicInfo<'_>) -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}
