/* A session from C: frames, gaze and prompts in from several threads, answers out, and what may go wrong. */

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "picture.h"

/* However busy the machine is, the camera films and the eyes look until there were answers enough. */
static atomic_int enough = 0;
static atomic_int filmed = 0;

static unsigned char mask[WIDTH * HEIGHT];
static float logits[1024 * 1024];

static atomic_int released = 0;

static void release(void *context)
{
    *(atomic_int *)context += 1;
}

static void *films(void *argument)
{
    fixate_session *session = (fixate_session *)argument;
    uint64_t before = 0;
    while (!enough) {
        fixate_frame frame = frame_now();
        uint64_t id = 0;
        int32_t status = fixate_session_push_frame(session, &frame, release, &released, &id);
        CHECK(status == FIXATE_OK || status == FIXATE_ERROR_STOPPED || status == FIXATE_ERROR_HANDLE);
        if (status == FIXATE_OK) {
            CHECK(id > before);
            before = id;
        }
        filmed++;
        rest(20);
    }
    return NULL;
}

static void *looks(void *argument)
{
    fixate_session *session = (fixate_session *)argument;
    int count;
    for (count = 0; !enough; count++) {
        fixate_gaze gaze;
        double rate[3] = {0.0, 0.0, 0.0};
        int64_t now = fixate_now_us();
        CHECK(fixate_gaze_init(&gaze, sizeof gaze) == FIXATE_OK);
        gaze.time_us = now;
        gaze.x = 160.0;
        gaze.y = 120.0;
        gaze.valid = count % 30 != 29;
        /* Before the first frame, or after the end, there is nothing to look at. */
        fixate_session_push_gaze(session, &gaze, NULL);
        fixate_session_push_imu(session, now, rate);
        rest(10);
    }
    return NULL;
}

static void answers_come(void)
{
    fixate_session_options options;
    fixate_session *session = NULL;
    fixate_answer answer;
    fixate_stats stats;
    fixate_point point = {160.0F, 120.0F, FIXATE_POINT_FOREGROUND};
    fixate_prompt prompt;
    pthread_t camera, eyes;
    uint64_t wanted = 0;
    int masks = 0, asked = 0, found = 0, tries;
    size_t left = 99, length = 0;

    CHECK(fixate_session_options_init(&options, sizeof options) == FIXATE_OK);
    options.expected_width_px = WIDTH;
    options.expected_height_px = HEIGHT;
    options.budget_us = 500000;
    CHECK(fixate_session_create(NULL, &options, &session) == FIXATE_OK);
    CHECK(fixate_answer_init(&answer, sizeof answer) == FIXATE_OK);
    CHECK(fixate_session_poll_answer(session, &answer) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_session_wait_answer(session, 1000, &answer) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_session_bitmap(session, mask, WIDTH, sizeof mask) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_session_wait_answer(session, 1000, NULL) == FIXATE_ERROR_NULL);
    answer.struct_size = 1;
    CHECK(fixate_session_wait_answer(session, 1000, &answer) == FIXATE_ERROR_STRUCT_SIZE);
    CHECK(fixate_answer_init(&answer, sizeof answer) == FIXATE_OK);
    CHECK(pthread_create(&camera, NULL, films, session) == 0);
    CHECK(pthread_create(&eyes, NULL, looks, session) == 0);
    CHECK(fixate_prompt_init(&prompt, sizeof prompt) == FIXATE_OK);
    prompt.points = &point;
    prompt.point_count = 1;
    for (tries = 0; tries < 20000 && !(found && masks > 20); tries++) {
        if (!asked && masks > 5) {
            int32_t status = fixate_session_push_prompt(session, 0, &prompt, 400000, &wanted);
            CHECK(status == FIXATE_OK);
            asked = 1;
        }
        if (fixate_session_wait_answer(session, 20000, &answer) != FIXATE_OK) {
            continue;
        }
        CHECK(answer.given_us >= answer.pushed_us);
        found |= asked && answer.prompt == wanted;
        if (answer.kind == FIXATE_ANSWER_NONE) {
            CHECK(answer.none_reason != FIXATE_NONE_NOT && answer.frame == 0);
            CHECK(fixate_session_bitmap(session, mask, WIDTH, sizeof mask) == FIXATE_ERROR_NOTHING);
            continue;
        }
        masks++;
        CHECK(answer.none_reason == FIXATE_NONE_NOT && answer.frame > 0 && answer.mask_age_us >= 0);
        CHECK(answer.size_px[0] == WIDTH && answer.size_px[1] == HEIGHT);
        CHECK(fixate_session_bitmap(session, mask, WIDTH, sizeof mask) == FIXATE_OK);
        CHECK(fixate_session_logits(session, logits, sizeof logits / sizeof *logits) == FIXATE_OK);
        CHECK(fixate_session_rle(session, NULL, 0, &length) == FIXATE_ERROR_BUFFER && length > 0);
        /* What is looked at belongs to the mask. */
        CHECK(answer.area_px == 0 || mask[120 * WIDTH + 160] == 255);
    }
    enough = 1;
    CHECK(found && masks > 20);
    CHECK(pthread_join(camera, NULL) == 0 && pthread_join(eyes, NULL) == 0);
    CHECK(fixate_stats_init(&stats, sizeof stats) == FIXATE_OK);
    CHECK(fixate_session_stats(session, &stats) == FIXATE_OK);
    CHECK(stats.frames_pushed == (uint64_t)filmed && stats.keyframes > 0 && stats.latency.max_ms > 0.0);
    CHECK(stats.kinds[0] + stats.kinds[1] + stats.kinds[2] + stats.kinds[3] == stats.answers);
    CHECK(fixate_session_stop(session, &left) == FIXATE_OK && left == 0);
    CHECK(released == filmed);
    CHECK(fixate_session_push_prompt(session, 0, &prompt, 0, NULL) == FIXATE_ERROR_STOPPED);
    {
        fixate_frame frame = frame_now();
        CHECK(fixate_session_push_frame(session, &frame, NULL, NULL, NULL) == FIXATE_ERROR_STOPPED);
    }
    while (fixate_session_poll_answer(session, &answer) == FIXATE_OK) {
    }
    CHECK(fixate_session_poll_answer(session, &answer) == FIXATE_ERROR_STOPPED);
    CHECK(fixate_session_stop(session, NULL) == FIXATE_OK);
    CHECK(fixate_session_free(session) == FIXATE_OK);
    CHECK(fixate_session_free(session) == FIXATE_ERROR_HANDLE);
    CHECK(fixate_session_stop(session, NULL) == FIXATE_ERROR_HANDLE);
}

static void *waits(void *argument)
{
    fixate_answer answer;
    int32_t status;
    CHECK(fixate_answer_init(&answer, sizeof answer) == FIXATE_OK);
    do {
        status = fixate_session_wait_answer((fixate_session *)argument, 60000000, &answer);
    } while (status == FIXATE_OK);
    CHECK(status == FIXATE_ERROR_STOPPED || status == FIXATE_ERROR_HANDLE);
    return NULL;
}

static void inputs_are_checked(void)
{
    fixate_session_options options;
    fixate_session *session = NULL;
    fixate_gaze gaze;
    fixate_frame frame = frame_now();
    fixate_point point = {10.0F, 10.0F, FIXATE_POINT_FOREGROUND};
    fixate_prompt prompt;
    double rate[3] = {0.0, NAN, 0.0};
    pthread_t waiter;
    atomic_int calls = 0;

    CHECK(fixate_session_options_init(&options, sizeof options) == FIXATE_OK);
    options.budget_us = 0;
    CHECK(fixate_session_create(NULL, &options, &session) == FIXATE_ERROR_ARGUMENT);
    CHECK(fixate_session_options_init(&options, sizeof options) == FIXATE_OK);
    options.encoder_threads = 100000;
    CHECK(fixate_session_create(NULL, &options, &session) == FIXATE_ERROR_ARGUMENT);
    CHECK(fixate_session_options_init(&options, sizeof options) == FIXATE_OK);
    options.focal_x_px = -1.0;
    CHECK(fixate_session_create(NULL, &options, &session) == FIXATE_ERROR_ARGUMENT);
    CHECK(fixate_session_create(NULL, NULL, NULL) == FIXATE_ERROR_NULL);
    CHECK(session == NULL);
    CHECK(fixate_session_create(NULL, NULL, &session) == FIXATE_OK);
    CHECK(pthread_create(&waiter, NULL, waits, session) == 0);

    CHECK(fixate_gaze_init(&gaze, sizeof gaze) == FIXATE_OK);
    gaze.kind = FIXATE_GAZE_DIRECTION;
    gaze.time_us = fixate_now_us();
    CHECK(fixate_session_push_gaze(session, &gaze, NULL) == FIXATE_ERROR_ARGUMENT);
    gaze.kind = 17;
    CHECK(fixate_session_push_gaze(session, &gaze, NULL) == FIXATE_ERROR_ARGUMENT);
    gaze.kind = FIXATE_GAZE_PIXEL;
    gaze.x = NAN;
    CHECK(fixate_session_push_gaze(session, &gaze, NULL) == FIXATE_ERROR_ARGUMENT);
    gaze.x = 5.0;
    gaze.time_us = INT64_MAX;
    CHECK(fixate_session_push_gaze(session, &gaze, NULL) == FIXATE_ERROR_ARGUMENT);
    CHECK(fixate_session_push_gaze(session, NULL, NULL) == FIXATE_ERROR_NULL);
    CHECK(fixate_session_push_imu(session, fixate_now_us(), rate) == FIXATE_ERROR_ARGUMENT);
    CHECK(fixate_session_push_imu(session, fixate_now_us(), NULL) == FIXATE_ERROR_NULL);

    CHECK(fixate_prompt_init(&prompt, sizeof prompt) == FIXATE_OK);
    prompt.points = &point;
    prompt.point_count = 1;
    CHECK(fixate_session_push_prompt(session, 0, &prompt, 0, NULL) == FIXATE_ERROR_PROMPT);
    CHECK(fixate_session_push_frame(session, NULL, release, &calls, NULL) == FIXATE_ERROR_NULL && calls == 1);
    frame.capture_time_us = INT64_MAX;
    CHECK(fixate_session_push_frame(session, &frame, release, &calls, NULL) == FIXATE_ERROR_FRAME && calls == 2);
    frame.capture_time_us = fixate_now_us();
    CHECK(fixate_session_push_frame(session, &frame, release, &calls, NULL) == FIXATE_OK);
    CHECK(fixate_session_push_frame(session, &frame, NULL, NULL, NULL) == FIXATE_ERROR_FRAME);
    rest(200);
    point.x_px = NAN;
    CHECK(fixate_session_push_prompt(session, 0, &prompt, 0, NULL) == FIXATE_ERROR_PROMPT);
    point.x_px = 1e9F;
    CHECK(fixate_session_push_prompt(session, 0, &prompt, 0, NULL) == FIXATE_ERROR_PROMPT);
    point.x_px = 10.0F;
    /* A frame that was never pushed. */
    CHECK(fixate_session_push_prompt(session, 2, &prompt, 0, NULL) == FIXATE_ERROR_PROMPT);
    CHECK(fixate_session_push_prompt(session, 0, &prompt, -5, NULL) == FIXATE_ERROR_ARGUMENT);
    CHECK(fixate_session_push_prompt(session, 0, &prompt, 0, NULL) == FIXATE_OK);
    CHECK(fixate_session_ask_keyframe(session) == FIXATE_OK);
    CHECK(fixate_segmenter_free((fixate_segmenter *)(void *)session) == FIXATE_ERROR_HANDLE);

    /* While another thread waits for an answer. */
    CHECK(fixate_session_free(session) == FIXATE_OK);
    CHECK(pthread_join(waiter, NULL) == 0);
    CHECK(calls == 3);
}

int main(void)
{
    draw();
    inputs_are_checked();
    answers_come();
    printf("%d checks passed\n", checks);
    return 0;
}
