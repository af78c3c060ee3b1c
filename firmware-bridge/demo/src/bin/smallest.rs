//! Nothing but receiving and sending: parse and emit of every message, as the compiler leaves them.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use cortex_m_rt::entry;
use fixate_bridge::decoder::Decoder;
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::MAX_WIRE;

#[entry]
fn main() -> ! {
    static mut DECODER: Decoder = Decoder::new();
    static mut ENCODER: Encoder = Encoder::new(1);
    let mut wire = [0; MAX_WIRE];
    loop {
        // Whatever was received goes back. `black_box` keeps the compiler from knowing that nothing ever comes.
        if let Some(Ok(received)) = DECODER.push(black_box(0)) {
            let _ = black_box(ENCODER.encode(&received.message, &mut wire));
            black_box(&wire);
        }
    }
}

#[panic_handler]
fn stop(_: &PanicInfo<'_>) -> ! {
    loop {}
}
