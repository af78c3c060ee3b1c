/* The link between a microcontroller and fixate, for firmware in C. PROTOCOL.md says what is on the wire, and what each
 * field may be.
 *
 * Nothing here allocates, waits, reads a clock or keeps anything but what the caller gives: an encoder and a decoder are
 * his own variables. Two threads, or an interrupt and a thread, may use different ones at the same time, never the same.
 * Functions return FIXATE_BRIDGE_OK, more, or a negative FIXATE_BRIDGE_ERROR_; on an error nothing was written but what a
 * function says. Made by cbindgen; change the Rust sources instead. */

#ifndef FIXATE_BRIDGE_H
#define FIXATE_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

/*
 The version of the protocol that this library speaks.
 */
#define FIXATE_BRIDGE_VERSION 1

/*
 Bytes of the longest message on the wire.
 */
#define FIXATE_BRIDGE_MAX_WIRE 58

/*
 Who speaks: `fixate_bridge_hello_message` makes one.
 */
#define FIXATE_BRIDGE_HELLO 1

/*
 Asks for the other end's time.
 */
#define FIXATE_BRIDGE_CLOCK_PING 2

/*
 Answers a ping.
 */
#define FIXATE_BRIDGE_CLOCK_PONG 3

/*
 Where the person looks; to the host.
 */
#define FIXATE_BRIDGE_GAZE_SAMPLE 16

/*
 How the camera turns and accelerates; to the host.
 */
#define FIXATE_BRIDGE_IMU_SAMPLE 17

/*
 When a camera's frame was exposed; to the host.
 */
#define FIXATE_BRIDGE_FRAME_STROBE 18

/*
 Where the robot wants to reach; to the host.
 */
#define FIXATE_BRIDGE_GRASP_POINT 19

/*
 A button or contact changed; to the host.
 */
#define FIXATE_BRIDGE_TRIGGER 20

/*
 Counters of the device; to the host.
 */
#define FIXATE_BRIDGE_HEALTH 21

/*
 The answer to a prompt; to the device.
 */
#define FIXATE_BRIDGE_MASK_SUMMARY 32

/*
 What the device shall send.
 */
#define FIXATE_BRIDGE_CONFIGURATION 33

/*
 It worked; for `fixate_bridge_decode`: nothing is complete yet.
 */
#define FIXATE_BRIDGE_OK 0

/*
 A message is complete.
 */
#define FIXATE_BRIDGE_MESSAGE 1

/*
 A pointer that must not be NULL is.
 */
#define FIXATE_BRIDGE_ERROR_NULL -1

/*
 The encoder or decoder was not initialised.
 */
#define FIXATE_BRIDGE_ERROR_NOT_INITIALISED -2

/*
 The buffer is too small; `FIXATE_BRIDGE_MAX_WIRE` bytes are enough for any message.
 */
#define FIXATE_BRIDGE_ERROR_BUFFER -3

/*
 `fixate_bridge_message.kind` is no kind of message.
 */
#define FIXATE_BRIDGE_ERROR_KIND -4

/*
 A field has a value that may not be sent: not finite, out of its range, a code without a meaning, or at odds with
 another field.
 */
#define FIXATE_BRIDGE_ERROR_FIELD -5

/*
 A frame came damaged.
 */
#define FIXATE_BRIDGE_ERROR_DAMAGED -6

/*
 What came is longer than any frame.
 */
#define FIXATE_BRIDGE_ERROR_OVERLONG -7

/*
 An intact frame is of another version of the protocol.
 */
#define FIXATE_BRIDGE_ERROR_VERSION -8

/*
 An intact frame came before.
 */
#define FIXATE_BRIDGE_ERROR_DUPLICATE -9

/*
 An intact frame is no message: the sender's mistake, not the link's.
 */
#define FIXATE_BRIDGE_ERROR_REFUSED -10

/*
 What sends: initialise it with `fixate_bridge_encoder_init`. May be copied and forgotten as any variable.
 */
typedef struct {
    /*
     The library's own.
     */
    uint64_t opaque[2];
} fixate_bridge_encoder;

/*
 What receives: initialise it with `fixate_bridge_decoder_init`. May be copied and forgotten as any variable.
 */
typedef struct {
    /*
     The library's own.
     */
    uint64_t opaque[20];
} fixate_bridge_decoder;

/*
 `FIXATE_BRIDGE_HELLO`.
 */
typedef struct {
    /*
     0 device, 1 host.
     */
    uint8_t role;
    /*
     Lowest version understood, at least 1.
     */
    uint8_t oldest_version;
    /*
     Highest version understood, at least the lowest.
     */
    uint8_t newest_version;
    /*
     Fingerprint of the layouts in the highest version.
     */
    uint32_t schema;
    /*
     The device's own number, 0 if none.
     */
    uint64_t identity;
    /*
     The firmware's build, the maker's numbering.
     */
    uint32_t build;
} fixate_bridge_hello;

/*
 `FIXATE_BRIDGE_CLOCK_PING`.
 */
typedef struct {
    /*
     Counts the sender's pings, wraps.
     */
    uint16_t ping;
    /*
     The sender's time of sending; does not wrap.
     */
    uint64_t ping_time_us;
} fixate_bridge_clock_ping;

/*
 `FIXATE_BRIDGE_CLOCK_PONG`.
 */
typedef struct {
    /*
     The ping's number.
     */
    uint16_t ping;
    /*
     The ping's time.
     */
    uint64_t ping_time_us;
    /*
     When the ping's last byte was received.
     */
    uint32_t received_us;
    /*
     Just before this one's first byte is sent; at most 1 s later.
     */
    uint32_t sent_us;
} fixate_bridge_clock_pong;

/*
 `FIXATE_BRIDGE_GAZE_SAMPLE`.
 */
typedef struct {
    /*
     When the eye was looked at.
     */
    uint32_t device_time_us;
    /*
     0 pixel, 1 direction.
     */
    uint8_t point;
    /*
     0 tracked, 1 blink, 2 lost, 3 not worn.
     */
    uint8_t state;
    /*
     0 to 1000; 65535 if the tracker has none.
     */
    uint16_t confidence_permille;
    /*
     Pixel: to the right; direction: yaw to the right, rad.
     */
    float x;
    /*
     Pixel: downwards; direction: pitch upwards, rad.
     */
    float y;
} fixate_bridge_gaze_sample;

/*
 `FIXATE_BRIDGE_IMU_SAMPLE`.
 */
typedef struct {
    /*
     Middle of the integration time.
     */
    uint32_t device_time_us;
    /*
     About x, right-handed.
     */
    float angular_rate_x_rad_s;
    /*
     About y.
     */
    float angular_rate_y_rad_s;
    /*
     About z.
     */
    float angular_rate_z_rad_s;
    /*
     Specific force along x.
     */
    float acceleration_x_m_s2;
    /*
     Along y.
     */
    float acceleration_y_m_s2;
    /*
     Along z.
     */
    float acceleration_z_m_s2;
} fixate_bridge_imu_sample;

/*
 `FIXATE_BRIDGE_FRAME_STROBE`.
 */
typedef struct {
    /*
     When the exposure began.
     */
    uint32_t exposure_start_us;
    /*
     Its length, at most 10 s.
     */
    uint32_t exposure_us;
    /*
     Counts this camera's exposures.
     */
    uint32_t frame_number;
    /*
     Which camera.
     */
    uint8_t camera;
} fixate_bridge_frame_strobe;

/*
 `FIXATE_BRIDGE_GRASP_POINT`.
 */
typedef struct {
    /*
     When the point was chosen.
     */
    uint32_t device_time_us;
    /*
     To the right.
     */
    float x_px;
    /*
     Downwards.
     */
    float y_px;
    /*
     From the image's x axis towards its y axis.
     */
    float closing_angle_rad;
    /*
     0 to 2000; 65535 not known.
     */
    uint16_t opening_mm;
} fixate_bridge_grasp_point;

/*
 `FIXATE_BRIDGE_TRIGGER`.
 */
typedef struct {
    /*
     When.
     */
    uint32_t device_time_us;
    /*
     0 button, 1 pedal, 2 contact, 3 external.
     */
    uint8_t source;
    /*
     0 released, 1 pressed.
     */
    uint8_t edge;
    /*
     Counts the changes of this source, wraps.
     */
    uint16_t count;
} fixate_bridge_trigger;

/*
 `FIXATE_BRIDGE_HEALTH`.
 */
typedef struct {
    /*
     When this was true.
     */
    uint32_t device_time_us;
    /*
     Seconds since the start.
     */
    uint32_t uptime_s;
    /*
     Messages received.
     */
    uint32_t received;
    /*
     Frames that came damaged.
     */
    uint32_t damaged;
    /*
     Messages that never came.
     */
    uint32_t missed;
    /*
     Messages that found the outbox full.
     */
    uint32_t outbox_dropped;
    /*
     Mask summaries received.
     */
    uint32_t masks_received;
    /*
     Processor's busy share, 0 to 1000.
     */
    uint16_t load_permille;
    /*
     0.01 degree Celsius; -32768 no sensor.
     */
    int16_t temperature_centi_celsius;
} fixate_bridge_health;

/*
 `FIXATE_BRIDGE_MASK_SUMMARY`.
 */
typedef struct {
    /*
     The prompt's `device_time_us`, which names it.
     */
    uint32_t prompt_time_us;
    /*
     0 none, 1 fresh, 2 propagated, 3 held.
     */
    uint8_t answer;
    /*
     None: 1 no keyframe, 2 off the frame, 3 invalid prompt, 4 nothing there, 5 failed; else 0.
     */
    uint8_t none_reason;
    /*
     1 by the deadline, 0 later.
     */
    uint8_t in_time;
    /*
     1 the mask touches the frame's border, 0 not; this and all that follow are 0 if none.
     */
    uint8_t touches_border;
    /*
     Now minus the keyframe's capture time.
     */
    uint32_t mask_age_us;
    /*
     The box's first column.
     */
    uint16_t left_px;
    /*
     The box's first row.
     */
    uint16_t top_px;
    /*
     The box's columns, at least 1.
     */
    uint16_t width_px;
    /*
     The box's rows, at least 1.
     */
    uint16_t height_px;
    /*
     The mask's pixels, 1 to the box's.
     */
    uint32_t area_px;
    /*
     Mean column, inside the box.
     */
    float centroid_x_px;
    /*
     Mean row, inside the box.
     */
    float centroid_y_px;
    /*
     Length along the principal axis.
     */
    float major_axis_px;
    /*
     Length across it, at most the other.
     */
    float minor_axis_px;
    /*
     From the x axis towards the y axis, -pi/2 to pi/2.
     */
    float axis_angle_rad;
    /*
     The model's estimate of its quality, 0 to 1000.
     */
    uint16_t score_permille;
} fixate_bridge_mask_summary;

/*
 `FIXATE_BRIDGE_CONFIGURATION`; the device answers with what it will send.
 */
typedef struct {
    /*
     Gaze samples a second, 0 to 2000.
     */
    uint16_t gaze_hz;
    /*
     Inertial samples a second, 0 to 8000.
     */
    uint16_t imu_hz;
    /*
     Between health messages; 0 none.
     */
    uint16_t health_period_ms;
    /*
     1 strobes are sent, 0 not.
     */
    uint8_t strobes;
} fixate_bridge_configuration;

/*
 The message of `fixate_bridge_message.kind`.
 */
typedef union {
    /*
     `FIXATE_BRIDGE_HELLO`.
     */
    fixate_bridge_hello hello;
    /*
     `FIXATE_BRIDGE_CLOCK_PING`.
     */
    fixate_bridge_clock_ping clock_ping;
    /*
     `FIXATE_BRIDGE_CLOCK_PONG`.
     */
    fixate_bridge_clock_pong clock_pong;
    /*
     `FIXATE_BRIDGE_GAZE_SAMPLE`.
     */
    fixate_bridge_gaze_sample gaze_sample;
    /*
     `FIXATE_BRIDGE_IMU_SAMPLE`.
     */
    fixate_bridge_imu_sample imu_sample;
    /*
     `FIXATE_BRIDGE_FRAME_STROBE`.
     */
    fixate_bridge_frame_strobe frame_strobe;
    /*
     `FIXATE_BRIDGE_GRASP_POINT`.
     */
    fixate_bridge_grasp_point grasp_point;
    /*
     `FIXATE_BRIDGE_TRIGGER`.
     */
    fixate_bridge_trigger trigger;
    /*
     `FIXATE_BRIDGE_HEALTH`.
     */
    fixate_bridge_health health;
    /*
     `FIXATE_BRIDGE_MASK_SUMMARY`.
     */
    fixate_bridge_mask_summary mask_summary;
    /*
     `FIXATE_BRIDGE_CONFIGURATION`.
     */
    fixate_bridge_configuration configuration;
} fixate_bridge_payload;

/*
 Any message.
 */
typedef struct {
    /*
     Which member of `payload` counts.
     */
    uint8_t kind;
    /*
     When it was received: the sender's boot number; another one than before means that it started anew.
     */
    uint16_t boot;
    /*
     When it was received: the sender's count of its frames, wraps.
     */
    uint16_t sequence;
    /*
     The message.
     */
    fixate_bridge_payload payload;
} fixate_bridge_message;

/*
 What a decoder saw since its start. All wrap.
 */
typedef struct {
    /*
     Messages given.
     */
    uint32_t received;
    /*
     Frames with broken stuffing, header or checksum.
     */
    uint32_t damaged;
    /*
     What was longer than any frame.
     */
    uint32_t overlong;
    /*
     Intact frames of another version.
     */
    uint32_t wrong_version;
    /*
     Intact frames that are no message.
     */
    uint32_t refused;
    /*
     Intact frames that came before.
     */
    uint32_t duplicates;
    /*
     Frames that the gaps between sequence numbers show as lost, damaged ones among them.
     */
    uint32_t missed;
    /*
     New starts of the sender.
     */
    uint32_t restarts;
} fixate_bridge_counters;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The fingerprint of this library's layouts, for the handshake.
 */
uint32_t fixate_bridge_schema(void);

/*
 Begins to send, at sequence number 0. `boot` must differ from the last start's: a counter kept over resets, or
 chance. It tells the other end that sequence numbers and clock begin anew.

 Returns `FIXATE_BRIDGE_OK` or `FIXATE_BRIDGE_ERROR_NULL`.

 # Safety
 `encoder` is NULL or points to an encoder.
 */
int32_t fixate_bridge_encoder_init(fixate_bridge_encoder *encoder,
                                   uint16_t boot);

/*
 Begins to receive.

 Returns `FIXATE_BRIDGE_OK` or `FIXATE_BRIDGE_ERROR_NULL`.

 # Safety
 `decoder` is NULL or points to a decoder.
 */
int32_t fixate_bridge_decoder_init(fixate_bridge_decoder *decoder);

/*
 Makes this end's greeting: `role` is 0 for a device, 1 for a host. A device sends one at its start, and one for
 each that it receives from a host.

 Returns `FIXATE_BRIDGE_OK`, `FIXATE_BRIDGE_ERROR_NULL`, or `FIXATE_BRIDGE_ERROR_FIELD` for another role.

 # Safety
 `message` is NULL or points to a message.
 */
int32_t fixate_bridge_hello_message(uint8_t role,
                                    uint64_t identity,
                                    uint32_t build,
                                    fixate_bridge_message *message);

/*
 Writes a message's bytes, the zero at the end among them, to `wire`, which has room for `capacity`; `length` gets
 their number. `message->boot` and `->sequence` are not read.

 Returns `FIXATE_BRIDGE_OK`, `FIXATE_BRIDGE_ERROR_NULL`, `_NOT_INITIALISED`, `_KIND`, `_FIELD` or `_BUFFER`; on an
 error no sequence number is used up.

 # Safety
 The pointers are NULL or point to what they say; nobody else uses the encoder during the call.
 */
int32_t fixate_bridge_encode(fixate_bridge_encoder *encoder,
                             const fixate_bridge_message *from,
                             uint8_t *wire,
                             size_t capacity,
                             size_t *length);

/*
 Takes a byte that came. After damage it goes on with the next frame.

 Returns `FIXATE_BRIDGE_OK` while a frame is not complete, `FIXATE_BRIDGE_MESSAGE` when `to` got a message, or
 why the frame that ends with this byte gave none: `FIXATE_BRIDGE_ERROR_DAMAGED`, `_OVERLONG`, `_VERSION`,
 `_DUPLICATE` or `_REFUSED`, each of which is counted; or `FIXATE_BRIDGE_ERROR_NULL` or `_NOT_INITIALISED`.

 # Safety
 The pointers are NULL or point to what they say; nobody else uses the decoder during the call.
 */
int32_t fixate_bridge_decode(fixate_bridge_decoder *decoder, uint8_t byte, fixate_bridge_message *to);

/*
 Writes what a decoder saw so far.

 Returns `FIXATE_BRIDGE_OK`, `FIXATE_BRIDGE_ERROR_NULL` or `_NOT_INITIALISED`.

 # Safety
 The pointers are NULL or point to what they say; nobody else uses the decoder during the call.
 */
int32_t fixate_bridge_decoder_counters(fixate_bridge_decoder *decoder, fixate_bridge_counters *counters);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FIXATE_BRIDGE_H */
