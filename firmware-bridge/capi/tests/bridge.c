/* The protocol from C: every message there and back, damage, and what a caller may do wrong. Runs on a host and, with
 * tests/cortex_m, on a microcontroller: it needs no library but its own. Returns 0, or the line that is wrong. */

#include <stddef.h>
#include <stdint.h>

#include "fixate_bridge.h"

#define CHECK(condition)     \
    do {                     \
        if (!(condition)) {  \
            return __LINE__; \
        }                    \
    } while (0)

static fixate_bridge_encoder encoder;
static fixate_bridge_decoder decoder;

static int same(const void *left, const void *right, size_t size)
{
    const unsigned char *a = (const unsigned char *)left, *b = (const unsigned char *)right;
    while (size > 0 && *a == *b) {
        a++;
        b++;
        size--;
    }
    return size == 0;
}

static void clear(void *memory, int value, size_t size)
{
    volatile unsigned char *bytes = (volatile unsigned char *)memory;
    while (size-- > 0) {
        *bytes++ = (unsigned char)value;
    }
}

/* Sends bytes to the decoder; what the last of them gave. */
static int32_t feed(const uint8_t *wire, size_t length, fixate_bridge_message *message)
{
    int32_t status = FIXATE_BRIDGE_OK;
    while (length-- > 0) {
        status = fixate_bridge_decode(&decoder, *wire++, message);
        if (length > 0 && status != FIXATE_BRIDGE_OK) {
            return -1000;
        }
    }
    return status;
}

/* There and back. */
static int32_t travel(const fixate_bridge_message *message, fixate_bridge_message *back)
{
    uint8_t wire[FIXATE_BRIDGE_MAX_WIRE];
    size_t length = 0;
    int32_t status = fixate_bridge_encode(&encoder, message, wire, sizeof wire, &length);
    clear(back, 0xee, sizeof *back);
    return status == FIXATE_BRIDGE_OK ? feed(wire, length, back) : status;
}

static int document_example(void)
{
    /* PROTOCOL.md: ping 3 of time 1 000 000 us, frame 5 of boot 0x1234. */
    static const uint8_t expected[] = {0x06, 0x01, 0x02, 0x34, 0x12, 0x05, 0x02, 0x03, 0x04, 0x40, 0x42,
                                       0x0f, 0x01, 0x01, 0x01, 0x01, 0x05, 0x10, 0x6b, 0xbf, 0xf4, 0x00};
    fixate_bridge_message ping;
    uint8_t wire[FIXATE_BRIDGE_MAX_WIRE];
    size_t length = 0;
    int count;
    clear(&ping, 0, sizeof ping);
    ping.kind = FIXATE_BRIDGE_CLOCK_PING;
    ping.payload.clock_ping.ping = 3;
    ping.payload.clock_ping.ping_time_us = 1000000;
    CHECK(fixate_bridge_encoder_init(&encoder, 0x1234) == FIXATE_BRIDGE_OK);
    for (count = 0; count <= 5; count++) {
        CHECK(fixate_bridge_encode(&encoder, &ping, wire, sizeof wire, &length) == FIXATE_BRIDGE_OK);
    }
    CHECK(length == sizeof expected && same(wire, expected, length));
    return 0;
}

static int every_message(void)
{
    fixate_bridge_message sent, back;
    CHECK(fixate_bridge_encoder_init(&encoder, 7) == FIXATE_BRIDGE_OK);
    CHECK(fixate_bridge_decoder_init(&decoder) == FIXATE_BRIDGE_OK);

    CHECK(fixate_bridge_hello_message(0, 0x0123456789abcdefULL, 42, &sent) == FIXATE_BRIDGE_OK);
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.kind == FIXATE_BRIDGE_HELLO);
    CHECK(back.boot == 7 && back.sequence == 0);
    CHECK(back.payload.hello.role == 0 && back.payload.hello.identity == 0x0123456789abcdefULL);
    CHECK(back.payload.hello.schema == fixate_bridge_schema() && back.payload.hello.build == 42);
    CHECK(back.payload.hello.newest_version == FIXATE_BRIDGE_VERSION);

    clear(&sent, 0, sizeof sent);
    sent.kind = FIXATE_BRIDGE_CLOCK_PONG;
    sent.payload.clock_pong.ping = 0xfffe;
    sent.payload.clock_pong.ping_time_us = 0xfedcba9876543210ULL;
    sent.payload.clock_pong.received_us = 0xffffff00U;
    sent.payload.clock_pong.sent_us = 0x10U;
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.kind == FIXATE_BRIDGE_CLOCK_PONG);
    CHECK(back.sequence == 1 && back.payload.clock_pong.ping == 0xfffe);
    CHECK(back.payload.clock_pong.ping_time_us == 0xfedcba9876543210ULL);
    CHECK(back.payload.clock_pong.received_us == 0xffffff00U && back.payload.clock_pong.sent_us == 0x10U);

    clear(&sent, 0, sizeof sent);
    sent.kind = FIXATE_BRIDGE_GAZE_SAMPLE;
    sent.payload.gaze_sample.device_time_us = 5;
    sent.payload.gaze_sample.state = 1;
    sent.payload.gaze_sample.confidence_permille = 65535;
    sent.payload.gaze_sample.x = 640.5F;
    sent.payload.gaze_sample.y = -3.25F;
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.kind == FIXATE_BRIDGE_GAZE_SAMPLE);
    CHECK(back.payload.gaze_sample.device_time_us == 5 && back.payload.gaze_sample.point == 0);
    CHECK(back.payload.gaze_sample.state == 1 && back.payload.gaze_sample.confidence_permille == 65535);
    CHECK(back.payload.gaze_sample.x == 640.5F && back.payload.gaze_sample.y == -3.25F);

    clear(&sent, 0, sizeof sent);
    sent.kind = FIXATE_BRIDGE_IMU_SAMPLE;
    sent.payload.imu_sample.angular_rate_x_rad_s = 0.5F;
    sent.payload.imu_sample.angular_rate_z_rad_s = -100.0F;
    sent.payload.imu_sample.acceleration_y_m_s2 = 9.81F;
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.kind == FIXATE_BRIDGE_IMU_SAMPLE);
    CHECK(back.payload.imu_sample.angular_rate_x_rad_s == 0.5F && back.payload.imu_sample.angular_rate_y_rad_s == 0.0F);
    CHECK(back.payload.imu_sample.angular_rate_z_rad_s == -100.0F && back.payload.imu_sample.acceleration_y_m_s2 == 9.81F);

    clear(&sent, 0, sizeof sent);
    sent.kind = FIXATE_BRIDGE_FRAME_STROBE;
    sent.payload.frame_strobe.exposure_us = 8000;
    sent.payload.frame_strobe.frame_number = 77;
    sent.payload.frame_strobe.camera = 2;
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.kind == FIXATE_BRIDGE_FRAME_STROBE);
    CHECK(back.payload.frame_strobe.exposure_us == 8000 && back.payload.frame_strobe.frame_number == 77);
    CHECK(back.payload.frame_strobe.camera == 2);

    clear(&sent, 0, sizeof sent);
    sent.kind = FIXATE_BRIDGE_GRASP_POINT;
    sent.payload.grasp_point.x_px = 12.0F;
    sent.payload.grasp_point.closing_angle_rad = -1.5F;
    sent.payload.grasp_point.opening_mm = 80;
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.kind == FIXATE_BRIDGE_GRASP_POINT);
    CHECK(back.payload.grasp_point.x_px == 12.0F && back.payload.grasp_point.closing_angle_rad == -1.5F);
    CHECK(back.payload.grasp_point.opening_mm == 80);

    clear(&sent, 0, sizeof sent);
    sent.kind = FIXATE_BRIDGE_TRIGGER;
    sent.payload.trigger.source = 3;
    sent.payload.trigger.edge = 1;
    sent.payload.trigger.count = 500;
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.kind == FIXATE_BRIDGE_TRIGGER);
    CHECK(back.payload.trigger.source == 3 && back.payload.trigger.edge == 1 && back.payload.trigger.count == 500);

    clear(&sent, 0, sizeof sent);
    sent.kind = FIXATE_BRIDGE_HEALTH;
    sent.payload.health.uptime_s = 9;
    sent.payload.health.masks_received = 4;
    sent.payload.health.load_permille = 1000;
    sent.payload.health.temperature_centi_celsius = -1250;
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.kind == FIXATE_BRIDGE_HEALTH);
    CHECK(back.payload.health.uptime_s == 9 && back.payload.health.masks_received == 4);
    CHECK(back.payload.health.load_permille == 1000 && back.payload.health.temperature_centi_celsius == -1250);

    clear(&sent, 0, sizeof sent);
    sent.kind = FIXATE_BRIDGE_MASK_SUMMARY;
    sent.payload.mask_summary.prompt_time_us = 123;
    sent.payload.mask_summary.answer = 2;
    sent.payload.mask_summary.in_time = 1;
    sent.payload.mask_summary.mask_age_us = 40000;
    sent.payload.mask_summary.left_px = 10;
    sent.payload.mask_summary.width_px = 20;
    sent.payload.mask_summary.height_px = 5;
    sent.payload.mask_summary.area_px = 100;
    sent.payload.mask_summary.centroid_x_px = 15.5F;
    sent.payload.mask_summary.centroid_y_px = 2.5F;
    sent.payload.mask_summary.major_axis_px = 20.0F;
    sent.payload.mask_summary.minor_axis_px = 5.0F;
    sent.payload.mask_summary.axis_angle_rad = 0.25F;
    sent.payload.mask_summary.score_permille = 900;
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.kind == FIXATE_BRIDGE_MASK_SUMMARY);
    CHECK(back.payload.mask_summary.prompt_time_us == 123 && back.payload.mask_summary.answer == 2);
    CHECK(back.payload.mask_summary.in_time == 1 && back.payload.mask_summary.mask_age_us == 40000);
    CHECK(back.payload.mask_summary.left_px == 10 && back.payload.mask_summary.width_px == 20);
    CHECK(back.payload.mask_summary.area_px == 100 && back.payload.mask_summary.centroid_x_px == 15.5F);
    CHECK(back.payload.mask_summary.axis_angle_rad == 0.25F && back.payload.mask_summary.score_permille == 900);

    clear(&sent, 0, sizeof sent);
    sent.kind = FIXATE_BRIDGE_CONFIGURATION;
    sent.payload.configuration.gaze_hz = 200;
    sent.payload.configuration.imu_hz = 8000;
    sent.payload.configuration.strobes = 1;
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.kind == FIXATE_BRIDGE_CONFIGURATION);
    CHECK(back.payload.configuration.gaze_hz == 200 && back.payload.configuration.imu_hz == 8000);
    CHECK(back.payload.configuration.strobes == 1 && back.sequence == 9);
    return 0;
}

static int damage_costs_one_frame(void)
{
    fixate_bridge_message sent, back;
    fixate_bridge_counters counters;
    uint8_t wire[FIXATE_BRIDGE_MAX_WIRE];
    size_t length = 0, index;
    CHECK(fixate_bridge_encoder_init(&encoder, 8) == FIXATE_BRIDGE_OK);
    CHECK(fixate_bridge_decoder_init(&decoder) == FIXATE_BRIDGE_OK);
    clear(&sent, 0, sizeof sent);
    sent.kind = FIXATE_BRIDGE_TRIGGER;
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE);
    CHECK(fixate_bridge_encode(&encoder, &sent, wire, sizeof wire, &length) == FIXATE_BRIDGE_OK);
    wire[5] ^= 0x20;
    CHECK(feed(wire, length, &back) == FIXATE_BRIDGE_ERROR_DAMAGED);
    wire[5] ^= 0x20;
    CHECK(feed(wire, length, &back) == FIXATE_BRIDGE_MESSAGE && back.sequence == 1);
    CHECK(feed(wire, length, &back) == FIXATE_BRIDGE_ERROR_DUPLICATE);
    for (index = 0; index < 100; index++) {
        CHECK(fixate_bridge_decode(&decoder, 0xff, &back) == FIXATE_BRIDGE_OK);
    }
    CHECK(fixate_bridge_decode(&decoder, 0, &back) == FIXATE_BRIDGE_ERROR_OVERLONG);
    CHECK(travel(&sent, &back) == FIXATE_BRIDGE_MESSAGE && back.sequence == 2);
    CHECK(fixate_bridge_decoder_counters(&decoder, &counters) == FIXATE_BRIDGE_OK);
    CHECK(counters.received == 3 && counters.damaged == 1 && counters.duplicates == 1 && counters.overlong == 1);
    CHECK(counters.missed == 0 && counters.refused == 0 && counters.wrong_version == 0 && counters.restarts == 0);
    return 0;
}

static int misuse_is_told(void)
{
    static fixate_bridge_encoder zero_encoder;
    static fixate_bridge_decoder zero_decoder;
    fixate_bridge_message message, back;
    fixate_bridge_counters counters;
    uint8_t wire[FIXATE_BRIDGE_MAX_WIRE];
    size_t length = 99;
    union {
        uint32_t bits;
        float number;
    } not_a_number;
    clear(&message, 0, sizeof message);
    CHECK(fixate_bridge_encoder_init(NULL, 1) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_decoder_init(NULL) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_hello_message(0, 0, 0, NULL) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_hello_message(2, 0, 0, &message) == FIXATE_BRIDGE_ERROR_FIELD);
    CHECK(fixate_bridge_encode(NULL, &message, wire, sizeof wire, &length) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_encode(&encoder, NULL, wire, sizeof wire, &length) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_encode(&encoder, &message, NULL, sizeof wire, &length) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_encode(&encoder, &message, wire, sizeof wire, NULL) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_decode(NULL, 0, &back) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_decode(&decoder, 0, NULL) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_decoder_counters(NULL, &counters) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_decoder_counters(&decoder, NULL) == FIXATE_BRIDGE_ERROR_NULL);
    CHECK(fixate_bridge_encode(&zero_encoder, &message, wire, sizeof wire, &length) == FIXATE_BRIDGE_ERROR_NOT_INITIALISED);
    CHECK(fixate_bridge_decode(&zero_decoder, 0, &back) == FIXATE_BRIDGE_ERROR_NOT_INITIALISED);
    CHECK(fixate_bridge_decoder_counters(&zero_decoder, &counters) == FIXATE_BRIDGE_ERROR_NOT_INITIALISED);
    message.kind = 0x99;
    CHECK(fixate_bridge_encode(&encoder, &message, wire, sizeof wire, &length) == FIXATE_BRIDGE_ERROR_KIND);
    message.kind = FIXATE_BRIDGE_GAZE_SAMPLE;
    message.payload.gaze_sample.state = 9;
    CHECK(fixate_bridge_encode(&encoder, &message, wire, sizeof wire, &length) == FIXATE_BRIDGE_ERROR_FIELD);
    message.payload.gaze_sample.state = 0;
    not_a_number.bits = 0x7fc00000U;
    message.payload.gaze_sample.x = not_a_number.number;
    CHECK(fixate_bridge_encode(&encoder, &message, wire, sizeof wire, &length) == FIXATE_BRIDGE_ERROR_FIELD);
    message.payload.gaze_sample.x = 0.0F;
    CHECK(fixate_bridge_encode(&encoder, &message, wire, 27, &length) == FIXATE_BRIDGE_ERROR_BUFFER);
    CHECK(length == 99);
    /* None of these used a number up: the last one sent was 2. */
    CHECK(fixate_bridge_encode(&encoder, &message, wire, 28, &length) == FIXATE_BRIDGE_OK && length == 28);
    CHECK(feed(wire, length, &back) == FIXATE_BRIDGE_MESSAGE && back.sequence == 3);
    return 0;
}

int bridge_test(void);

int bridge_test(void)
{
    int line = document_example();
    line = line != 0 ? line : every_message();
    line = line != 0 ? line : damage_costs_one_frame();
    return line != 0 ? line : misuse_is_told();
}

#if __STDC_HOSTED__
#include <stdio.h>

int main(void)
{
    int line = bridge_test();
    if (line != 0) {
        fprintf(stderr, "%s:%d is wrong\n", __FILE__, line);
        return 1;
    }
    printf("every message went there and back\n");
    return 0;
}
#endif
