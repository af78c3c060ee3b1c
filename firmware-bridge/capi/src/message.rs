//! The messages as C has them. Times are microseconds of the device's clock, which wrap, unless they say otherwise;
//! codes and ranges are in `PROTOCOL.md`.

/// Who speaks: `fixate_bridge_hello_message` makes one.
pub const FIXATE_BRIDGE_HELLO: u8 = 0x01;
/// Asks for the other end's time.
pub const FIXATE_BRIDGE_CLOCK_PING: u8 = 0x02;
/// Answers a ping.
pub const FIXATE_BRIDGE_CLOCK_PONG: u8 = 0x03;
/// Where the person looks; to the host.
pub const FIXATE_BRIDGE_GAZE_SAMPLE: u8 = 0x10;
/// How the camera turns and accelerates; to the host.
pub const FIXATE_BRIDGE_IMU_SAMPLE: u8 = 0x11;
/// When a camera's frame was exposed; to the host.
pub const FIXATE_BRIDGE_FRAME_STROBE: u8 = 0x12;
/// Where the robot wants to reach; to the host.
pub const FIXATE_BRIDGE_GRASP_POINT: u8 = 0x13;
/// A button or contact changed; to the host.
pub const FIXATE_BRIDGE_TRIGGER: u8 = 0x14;
/// Counters of the device; to the host.
pub const FIXATE_BRIDGE_HEALTH: u8 = 0x15;
/// The answer to a prompt; to the device.
pub const FIXATE_BRIDGE_MASK_SUMMARY: u8 = 0x20;
/// What the device shall send.
pub const FIXATE_BRIDGE_CONFIGURATION: u8 = 0x21;

/// `FIXATE_BRIDGE_HELLO`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_hello {
    /// 0 device, 1 host.
    pub role: u8,
    /// Lowest version understood, at least 1.
    pub oldest_version: u8,
    /// Highest version understood, at least the lowest.
    pub newest_version: u8,
    /// Fingerprint of the layouts in the highest version.
    pub schema: u32,
    /// The device's own number, 0 if none.
    pub identity: u64,
    /// The firmware's build, the maker's numbering.
    pub build: u32,
}

/// `FIXATE_BRIDGE_CLOCK_PING`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_clock_ping {
    /// Counts the sender's pings, wraps.
    pub ping: u16,
    /// The sender's time of sending; does not wrap.
    pub ping_time_us: u64,
}

/// `FIXATE_BRIDGE_CLOCK_PONG`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_clock_pong {
    /// The ping's number.
    pub ping: u16,
    /// The ping's time.
    pub ping_time_us: u64,
    /// When the ping's last byte was received.
    pub received_us: u32,
    /// Just before this one's first byte is sent; at most 1 s later.
    pub sent_us: u32,
}

/// `FIXATE_BRIDGE_GAZE_SAMPLE`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_gaze_sample {
    /// When the eye was looked at.
    pub device_time_us: u32,
    /// 0 pixel, 1 direction.
    pub point: u8,
    /// 0 tracked, 1 blink, 2 lost, 3 not worn.
    pub state: u8,
    /// 0 to 1000; 65535 if the tracker has none.
    pub confidence_permille: u16,
    /// Pixel: to the right; direction: yaw to the right, rad.
    pub x: f32,
    /// Pixel: downwards; direction: pitch upwards, rad.
    pub y: f32,
}

/// `FIXATE_BRIDGE_IMU_SAMPLE`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_imu_sample {
    /// Middle of the integration time.
    pub device_time_us: u32,
    /// About x, right-handed.
    pub angular_rate_x_rad_s: f32,
    /// About y.
    pub angular_rate_y_rad_s: f32,
    /// About z.
    pub angular_rate_z_rad_s: f32,
    /// Specific force along x.
    pub acceleration_x_m_s2: f32,
    /// Along y.
    pub acceleration_y_m_s2: f32,
    /// Along z.
    pub acceleration_z_m_s2: f32,
}

/// `FIXATE_BRIDGE_FRAME_STROBE`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_frame_strobe {
    /// When the exposure began.
    pub exposure_start_us: u32,
    /// Its length, at most 10 s.
    pub exposure_us: u32,
    /// Counts this camera's exposures.
    pub frame_number: u32,
    /// Which camera.
    pub camera: u8,
}

/// `FIXATE_BRIDGE_GRASP_POINT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_grasp_point {
    /// When the point was chosen.
    pub device_time_us: u32,
    /// To the right.
    pub x_px: f32,
    /// Downwards.
    pub y_px: f32,
    /// From the image's x axis towards its y axis.
    pub closing_angle_rad: f32,
    /// 0 to 2000; 65535 not known.
    pub opening_mm: u16,
}

/// `FIXATE_BRIDGE_TRIGGER`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_trigger {
    /// When.
    pub device_time_us: u32,
    /// 0 button, 1 pedal, 2 contact, 3 external.
    pub source: u8,
    /// 0 released, 1 pressed.
    pub edge: u8,
    /// Counts the changes of this source, wraps.
    pub count: u16,
}

/// `FIXATE_BRIDGE_HEALTH`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_health {
    /// When this was true.
    pub device_time_us: u32,
    /// Seconds since the start.
    pub uptime_s: u32,
    /// Messages received.
    pub received: u32,
    /// Frames that came damaged.
    pub damaged: u32,
    /// Messages that never came.
    pub missed: u32,
    /// Messages that found the outbox full.
    pub outbox_dropped: u32,
    /// Mask summaries received.
    pub masks_received: u32,
    /// Processor's busy share, 0 to 1000.
    pub load_permille: u16,
    /// 0.01 degree Celsius; -32768 no sensor.
    pub temperature_centi_celsius: i16,
}

/// `FIXATE_BRIDGE_MASK_SUMMARY`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_mask_summary {
    /// The prompt's `device_time_us`, which names it.
    pub prompt_time_us: u32,
    /// 0 none, 1 fresh, 2 propagated, 3 held.
    pub answer: u8,
    /// None: 1 no keyframe, 2 off the frame, 3 invalid prompt, 4 nothing there, 5 failed; else 0.
    pub none_reason: u8,
    /// 1 by the deadline, 0 later.
    pub in_time: u8,
    /// 1 the mask touches the frame's border, 0 not; this and all that follow are 0 if none.
    pub touches_border: u8,
    /// Now minus the keyframe's capture time.
    pub mask_age_us: u32,
    /// The box's first column.
    pub left_px: u16,
    /// The box's first row.
    pub top_px: u16,
    /// The box's columns, at least 1.
    pub width_px: u16,
    /// The box's rows, at least 1.
    pub height_px: u16,
    /// The mask's pixels, 1 to the box's.
    pub area_px: u32,
    /// Mean column, inside the box.
    pub centroid_x_px: f32,
    /// Mean row, inside the box.
    pub centroid_y_px: f32,
    /// Length along the principal axis.
    pub major_axis_px: f32,
    /// Length across it, at most the other.
    pub minor_axis_px: f32,
    /// From the x axis towards the y axis, -pi/2 to pi/2.
    pub axis_angle_rad: f32,
    /// The model's estimate of its quality, 0 to 1000.
    pub score_permille: u16,
}

/// `FIXATE_BRIDGE_CONFIGURATION`; the device answers with what it will send.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_configuration {
    /// Gaze samples a second, 0 to 2000.
    pub gaze_hz: u16,
    /// Inertial samples a second, 0 to 8000.
    pub imu_hz: u16,
    /// Between health messages; 0 none.
    pub health_period_ms: u16,
    /// 1 strobes are sent, 0 not.
    pub strobes: u8,
}

/// The message of `fixate_bridge_message.kind`.
#[repr(C)]
#[derive(Clone, Copy)]
pub union fixate_bridge_payload {
    /// `FIXATE_BRIDGE_HELLO`.
    pub hello: fixate_bridge_hello,
    /// `FIXATE_BRIDGE_CLOCK_PING`.
    pub clock_ping: fixate_bridge_clock_ping,
    /// `FIXATE_BRIDGE_CLOCK_PONG`.
    pub clock_pong: fixate_bridge_clock_pong,
    /// `FIXATE_BRIDGE_GAZE_SAMPLE`.
    pub gaze_sample: fixate_bridge_gaze_sample,
    /// `FIXATE_BRIDGE_IMU_SAMPLE`.
    pub imu_sample: fixate_bridge_imu_sample,
    /// `FIXATE_BRIDGE_FRAME_STROBE`.
    pub frame_strobe: fixate_bridge_frame_strobe,
    /// `FIXATE_BRIDGE_GRASP_POINT`.
    pub grasp_point: fixate_bridge_grasp_point,
    /// `FIXATE_BRIDGE_TRIGGER`.
    pub trigger: fixate_bridge_trigger,
    /// `FIXATE_BRIDGE_HEALTH`.
    pub health: fixate_bridge_health,
    /// `FIXATE_BRIDGE_MASK_SUMMARY`.
    pub mask_summary: fixate_bridge_mask_summary,
    /// `FIXATE_BRIDGE_CONFIGURATION`.
    pub configuration: fixate_bridge_configuration,
}

/// Any message.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_message {
    /// Which member of `payload` counts.
    pub kind: u8,
    /// When it was received: the sender's boot number; another one than before means that it started anew.
    pub boot: u16,
    /// When it was received: the sender's count of its frames, wraps.
    pub sequence: u16,
    /// The message.
    pub payload: fixate_bridge_payload,
}
