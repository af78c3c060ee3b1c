/* Frames that are lent: read where they are, given back once, and nobody looks at them after that. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "check.h"
#include "picture.h"

enum { PAGES = ((WIDTH * HEIGHT * 3 / 2) + 4095) / 4096 * 4096 };

static atomic_int lent = 0;
static atomic_int back = 0;
static atomic_int on_the_releaser = 0;

typedef struct {
    unsigned char *pixels;
    pthread_t lender;
    fixate_session *session;
    atomic_int times;
} Buffer;

/* A frame in pages of its own, which nobody can read once they are back. */
static Buffer *lend(fixate_session *session, fixate_frame *frame)
{
    Buffer *buffer = (Buffer *)calloc(1, sizeof *buffer);
    CHECK(buffer != NULL);
    buffer->pixels = (unsigned char *)mmap(NULL, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(buffer->pixels != MAP_FAILED);
    memcpy(buffer->pixels, picture, sizeof picture);
    CHECK(mprotect(buffer->pixels, PAGES, PROT_READ) == 0);
    buffer->lender = pthread_self();
    buffer->session = session;
    *frame = frame_now();
    frame->planes[0].data = buffer->pixels;
    frame->planes[1].data = buffer->pixels + WIDTH * HEIGHT;
    lent++;
    return buffer;
}

static void give_back(void *context)
{
    Buffer *buffer = (Buffer *)context;
    CHECK(++buffer->times == 1);
    CHECK(mprotect(buffer->pixels, PAGES, PROT_NONE) == 0);
    on_the_releaser += !pthread_equal(pthread_self(), buffer->lender);
    back++;
}

static void forget(Buffer *buffer)
{
    CHECK(buffer->times == 1);
    munmap(buffer->pixels, PAGES);
    free(buffer);
}

static fixate_session *new_session(void)
{
    fixate_session *session = NULL;
    fixate_session_options options;
    CHECK(fixate_session_options_init(&options, sizeof options) == FIXATE_OK);
    options.expected_width_px = WIDTH;
    options.expected_height_px = HEIGHT;
    options.budget_us = 500000;
    /* The encoder wants many frames. */
    options.keyframe_oldest_us = 1;
    CHECK(fixate_session_create(NULL, &options, &session) == FIXATE_OK);
    return session;
}

static void frames_come_back_while_the_session_runs(void)
{
    enum { FRAMES = 60 };
    fixate_session *session = new_session();
    fixate_answer answer;
    fixate_point point = {160.0F, 120.0F, FIXATE_POINT_FOREGROUND};
    fixate_prompt prompt;
    fixate_stats stats;
    Buffer *buffers[FRAMES];
    int index, masks = 0, taken = 0, tries;

    CHECK(fixate_answer_init(&answer, sizeof answer) == FIXATE_OK);
    CHECK(fixate_prompt_init(&prompt, sizeof prompt) == FIXATE_OK);
    prompt.points = &point;
    prompt.point_count = 1;
    for (index = 0; index < FRAMES; index++) {
        fixate_frame frame;
        int32_t status;
        buffers[index] = lend(session, &frame);
        status = fixate_session_push_frame(session, &frame, give_back, buffers[index], NULL);
        CHECK(status == FIXATE_OK);
        taken++;
        fixate_session_push_prompt(session, 0, &prompt, 0, NULL);
        rest(10);
        while (fixate_session_poll_answer(session, &answer) == FIXATE_OK) {
            masks += answer.kind != FIXATE_ANSWER_NONE && answer.area_px > 0;
        }
        /* However slow the machine: no more than the session looks at are out. */
        for (tries = 0; lent - back > 8 && tries < 10000; tries++) {
            rest(1);
        }
    }
    /* However long the first keyframe takes: the camera goes on. */
    for (tries = 0; masks == 0 && tries < 6000; tries++) {
        fixate_frame frame = frame_now();
        CHECK(fixate_session_push_frame(session, &frame, NULL, NULL, NULL) == FIXATE_OK);
        fixate_session_push_prompt(session, 0, &prompt, 0, NULL);
        rest(10);
        while (fixate_session_poll_answer(session, &answer) == FIXATE_OK) {
            masks += answer.kind != FIXATE_ANSWER_NONE && answer.area_px > 0;
        }
    }
    CHECK(masks > 0);
    /* All of them without the session's end, but one that may wait for the encoder. */
    for (tries = 0; lent - back > 1 && tries < 20000; tries++) {
        rest(1);
    }
    CHECK(lent - back <= 1);
    CHECK(fixate_stats_init(&stats, sizeof stats) == FIXATE_OK);
    CHECK(fixate_session_stats(session, &stats) == FIXATE_OK);
    CHECK(stats.frames_pushed >= FRAMES && stats.keyframes > 0 && stats.encode.max_ms > 0.0);
    CHECK(fixate_session_free(session) == FIXATE_OK);
    CHECK(lent == back && on_the_releaser == taken);
    for (index = 0; index < FRAMES; index++) {
        forget(buffers[index]);
    }
}

static void what_is_refused_comes_back_at_once(void)
{
    fixate_session *session = new_session();
    fixate_frame frame;
    int before = on_the_releaser;
    Buffer *buffer = lend(session, &frame);
    frame.capture_time_us = INT64_MAX;
    CHECK(fixate_session_push_frame(session, &frame, give_back, buffer, NULL) == FIXATE_ERROR_FRAME);
    forget(buffer);
    buffer = lend(session, &frame);
    frame.planes[0].stride_bytes = 1;
    CHECK(fixate_session_push_frame(session, &frame, give_back, buffer, NULL) == FIXATE_ERROR_FRAME);
    forget(buffer);
    buffer = lend(session, &frame);
    CHECK(fixate_session_push_frame(NULL, &frame, give_back, buffer, NULL) == FIXATE_ERROR_NULL);
    forget(buffer);
    CHECK(fixate_session_stop(session, NULL) == FIXATE_OK);
    buffer = lend(session, &frame);
    CHECK(fixate_session_push_frame(session, &frame, give_back, buffer, NULL) == FIXATE_ERROR_STOPPED);
    forget(buffer);
    CHECK(fixate_session_free(session) == FIXATE_OK);
    buffer = lend(session, &frame);
    CHECK(fixate_session_push_frame(session, &frame, give_back, buffer, NULL) == FIXATE_ERROR_HANDLE);
    forget(buffer);
    CHECK(lent == back && on_the_releaser == before);
}

static atomic_int may_return = 0;

static void takes_its_time(void *context)
{
    while (!may_return) {
        rest(1);
    }
    give_back(context);
}

static void a_slow_lender_delays_himself_alone(void)
{
    enum { FRAMES = 17 };
    fixate_session *session = new_session();
    fixate_frame frame;
    Buffer *buffers[FRAMES];
    int index, before = back;
    for (index = 0; index < FRAMES; index++) {
        int32_t status;
        buffers[index] = lend(session, &frame);
        status = fixate_session_push_frame(session, &frame, index == FRAMES - 1 ? give_back : takes_its_time,
                                           buffers[index], NULL);
        /* 16 are out; the next one is refused, and back. */
        CHECK(status == (index == FRAMES - 1 ? FIXATE_ERROR_SYSTEM : FIXATE_OK));
        rest(2);
    }
    CHECK(back == before + 1);
    /* Frames that are copied are taken all the same. */
    frame = frame_now();
    CHECK(fixate_session_push_frame(session, &frame, NULL, NULL, NULL) == FIXATE_OK);
    may_return = 1;
    CHECK(fixate_session_free(session) == FIXATE_OK);
    CHECK(lent == back);
    for (index = 0; index < FRAMES; index++) {
        forget(buffers[index]);
    }
}

static atomic_int nested = 0;

/* Does in a release all that others do in a call. */
static void calls_back(void *context)
{
    Buffer *buffer = (Buffer *)context;
    fixate_frame frame = frame_now();
    fixate_answer answer;
    fixate_stats stats;
    CHECK(fixate_session_push_frame(buffer->session, &frame, NULL, NULL, NULL) == FIXATE_OK);
    CHECK(fixate_answer_init(&answer, sizeof answer) == FIXATE_OK);
    CHECK(fixate_session_poll_answer(buffer->session, &answer) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_stats_init(&stats, sizeof stats) == FIXATE_OK);
    CHECK(fixate_session_stats(buffer->session, &stats) == FIXATE_OK);
    CHECK(fixate_session_stop(buffer->session, NULL) == FIXATE_OK);
    CHECK(fixate_session_free(buffer->session) == FIXATE_OK);
    CHECK(fixate_session_free(buffer->session) == FIXATE_ERROR_HANDLE);
    give_back(context);
    nested++;
}

static void a_release_may_call_anything(void)
{
    fixate_session *session = new_session();
    fixate_frame frame;
    Buffer *first = lend(session, &frame), *second;
    int tries;
    CHECK(fixate_session_push_frame(session, &frame, calls_back, first, NULL) == FIXATE_OK);
    rest(1);
    second = lend(session, &frame);
    /* The first may have freed the session by now, and has its frame back either way. */
    fixate_session_push_frame(session, &frame, give_back, second, NULL);
    for (tries = 0; (nested == 0 || lent != back) && tries < 60000; tries++) {
        rest(1);
    }
    CHECK(nested == 1 && lent == back);
    forget(first);
    forget(second);
}

typedef struct {
    fixate_session *session;
    Buffer *buffers[40];
    int count;
} Lender;

static void *lends(void *argument)
{
    Lender *lender = (Lender *)argument;
    for (lender->count = 0; lender->count < 40; lender->count++) {
        fixate_frame frame;
        Buffer *buffer = lend(lender->session, &frame);
        lender->buffers[lender->count] = buffer;
        /* Others may have pushed a later one; in the end the session is gone. */
        fixate_session_push_frame(lender->session, &frame, give_back, buffer, NULL);
        rest(1);
    }
    return NULL;
}

static void threads_may_lend_while_the_session_ends(void)
{
    enum { LENDERS = 4 };
    fixate_session *session = new_session();
    Lender lenders[LENDERS];
    pthread_t threads[LENDERS];
    int index, count, tries;
    for (index = 0; index < LENDERS; index++) {
        lenders[index].session = session;
        CHECK(pthread_create(&threads[index], NULL, lends, &lenders[index]) == 0);
    }
    rest(20);
    CHECK(fixate_session_stop(session, NULL) == FIXATE_OK);
    CHECK(fixate_session_free(session) == FIXATE_OK);
    for (index = 0; index < LENDERS; index++) {
        CHECK(pthread_join(threads[index], NULL) == 0);
    }
    /* A frame that was on its way in when the session ended may come back a moment later. */
    for (tries = 0; lent != back && tries < 60000; tries++) {
        rest(1);
    }
    CHECK(lent == back);
    for (index = 0; index < LENDERS; index++) {
        for (count = 0; count < lenders[index].count; count++) {
            forget(lenders[index].buffers[count]);
        }
    }
}

int main(void)
{
    draw();
    frames_come_back_while_the_session_runs();
    what_is_refused_comes_back_at_once();
    a_slow_lender_delays_himself_alone();
    a_release_may_call_anything();
    threads_may_lend_while_the_session_ends();
    printf("%d checks passed\n", checks);
    return 0;
}
