//! The board's serial line and timer (CMSDK APB UART and timer, Arm's document DDI 0479), and its stack.
#![allow(unsafe_code)]

/// UART 0.
const UART: usize = 0x4000_4000;
const UART_DATA: usize = UART;
const UART_STATE: usize = UART + 0x4;
const UART_CONTROL: usize = UART + 0x8;
const UART_DIVIDER: usize = UART + 0x10;
const TRANSMIT_FULL: u32 = 1 << 0;
const RECEIVE_FULL: u32 = 1 << 1;
const TRANSMIT_AND_RECEIVE: u32 = 0b11;

/// Timer 0: 32 bits, downwards.
const TIMER: usize = 0x4000_0000;
const TIMER_CONTROL: usize = TIMER;
const TIMER_VALUE: usize = TIMER + 0x4;
const TIMER_RELOAD: usize = TIMER + 0x8;
const ENABLE: u32 = 1;

/// The peripherals' clock.
const TICKS_PER_US: u64 = 25;

/// The serial line at 1 Mbit/s, and microseconds since the start.
pub struct Board {
    last: u32,
    ticks: u64,
}

impl Board {
    /// Starts both.
    pub fn start() -> Self {
        write(UART_DIVIDER, 25);
        write(UART_CONTROL, TRANSMIT_AND_RECEIVE);
        write(TIMER_RELOAD, u32::MAX);
        write(TIMER_VALUE, u32::MAX);
        write(TIMER_CONTROL, ENABLE);
        Self {
            last: u32::MAX,
            ticks: 0,
        }
    }

    /// Time since the start. The timer wraps after 171 s, so it must be asked more often than that.
    #[allow(dead_code, reason = "not every program does")]
    pub fn now_us(&mut self) -> u64 {
        self.now_ticks() / TICKS_PER_US
    }

    /// The same in ticks of the timer, 40 ns.
    pub fn now_ticks(&mut self) -> u64 {
        let value = read(TIMER_VALUE);
        self.ticks += u64::from(self.last.wrapping_sub(value));
        self.last = value;
        self.ticks
    }

    /// The next byte that came.
    #[allow(dead_code, reason = "not every program does")]
    pub fn receive(&mut self) -> Option<u8> {
        (read(UART_STATE) & RECEIVE_FULL != 0).then(|| read(UART_DATA) as u8)
    }

    /// Whether the transmitter takes a byte.
    pub fn may_transmit(&self) -> bool {
        read(UART_STATE) & TRANSMIT_FULL == 0
    }

    /// Sends a byte.
    pub fn transmit(&mut self, byte: u8) {
        write(UART_DATA, byte.into());
    }
}

/// Bytes of stack below this function's that a job uses, of the `N` that are looked at.
#[allow(dead_code, reason = "not every program does")]
#[inline(never)]
pub fn stack_used<const N: usize>(paint: u8, job: impl FnOnce()) -> usize {
    // Not touched yet, so that it lies below the frame of this function where the job's will.
    let top = cortex_m::register::msp::read() as usize;
    for below in 1..=N {
        // SAFETY: the stack grows downwards, has megabytes, and nothing but interrupts, of which there are none,
        // uses what is below its pointer while this loop runs.
        unsafe { ((top - below) as *mut u8).write_volatile(paint) };
    }
    job();
    // SAFETY: as above; what the job wrote there it has left.
    let untouched =
        |below: &usize| unsafe { ((top - below) as *const u8).read_volatile() } == paint;
    N - (1..=N).rev().take_while(untouched).count()
}

fn read(register: usize) -> u32 {
    // SAFETY: only the addresses above come here. They are device registers of this board, aligned, always there,
    // and no Rust object lies in them.
    unsafe { (register as *const u32).read_volatile() }
}

fn write(register: usize, value: u32) {
    // SAFETY: as for `read`; none of these registers makes the hardware write to memory.
    unsafe { (register as *mut u32).write_volatile(value) }
}
