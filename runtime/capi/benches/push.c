/* What pushing a frame costs the thread that pushes: push [FRAMES], 30 a second of each format, copied and lent. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixate.h"

/* As many as a camera's driver has. */
enum { BUFFERS = 4 };

typedef struct {
    const char *name;
    uint32_t format, width, height;
    size_t luma_bytes, chroma_bytes, stride;
} Picture;

typedef struct {
    unsigned char *pixels;
    double lent_ms;
    int is_lent;
} Buffer;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double longest_lent_ms;

static int by_time(const void *left, const void *right)
{
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void give_back(void *context)
{
    Buffer *buffer = (Buffer *)context;
    double lent_ms = now_ms() - buffer->lent_ms;
    pthread_mutex_lock(&lock);
    buffer->is_lent = 0;
    if (lent_ms > longest_lent_ms) {
        longest_lent_ms = lent_ms;
    }
    pthread_mutex_unlock(&lock);
}

static Buffer *free_buffer(Buffer *buffers)
{
    Buffer *found = NULL;
    int index;
    pthread_mutex_lock(&lock);
    for (index = 0; index < BUFFERS; index++) {
        if (!buffers[index].is_lent) {
            found = &buffers[index];
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static int push(fixate_session *session, const Picture *picture, Buffer *buffers, int frames, int lend, double *times)
{
    struct timespec rest = {0, 33333333};
    int count, missed = 0, taken = 0;
    longest_lent_ms = 0.0;
    for (count = 0; count < frames; count++) {
        fixate_frame frame;
        Buffer *buffer = free_buffer(buffers);
        double start;
        int32_t status;
        nanosleep(&rest, NULL);
        if (buffer == NULL) {
            missed++;
            continue;
        }
        /* Written anew, as a camera does, so that it is not in the cache for no reason. */
        memset(buffer->pixels, 60 + count % 100, picture->luma_bytes + picture->chroma_bytes);
        fixate_frame_init(&frame, sizeof frame);
        frame.format = picture->format;
        frame.width_px = picture->width;
        frame.height_px = picture->height;
        frame.capture_time_us = fixate_now_us();
        frame.planes[0].data = buffer->pixels;
        frame.planes[0].size_bytes = picture->luma_bytes;
        frame.planes[0].stride_bytes = picture->stride;
        frame.planes[1].data = buffer->pixels + picture->luma_bytes;
        frame.planes[1].size_bytes = picture->chroma_bytes;
        frame.planes[1].stride_bytes = picture->stride;
        buffer->is_lent = lend;
        start = buffer->lent_ms = now_ms();
        status = fixate_session_push_frame(session, &frame, lend ? give_back : NULL, buffer, NULL);
        times[taken++] = now_ms() - start;
        if (status != FIXATE_OK) {
            fprintf(stderr, "frame %d was not taken\n", count);
            return 1;
        }
    }
    if (taken == 0) {
        fprintf(stderr, "no buffer ever came back\n");
        return 1;
    }
    qsort(times, (size_t)taken, sizeof *times, by_time);
    printf("%d frames of %s, %s: p50 %.3f ms, p99 %.3f ms, max %.3f ms", taken, picture->name, lend ? "lent" : "copied",
           times[taken / 2], times[taken * 99 / 100], times[taken - 1]);
    if (lend) {
        printf("; lent for at most %.1f ms, %d without a free buffer", longest_lent_ms, missed);
    }
    printf("\n");
    return 0;
}

static int measure(const Picture *picture, int frames, int lend, double *times)
{
    Buffer buffers[BUFFERS];
    fixate_session *session = NULL;
    int index, status;
    if (fixate_session_create(NULL, NULL, &session) != FIXATE_OK) {
        char text[512];
        fixate_last_error(text, sizeof text, NULL);
        fprintf(stderr, "%s\n", text);
        return 1;
    }
    memset(buffers, 0, sizeof buffers);
    status = 0;
    for (index = 0; index < BUFFERS; index++) {
        buffers[index].pixels = (unsigned char *)malloc(picture->luma_bytes + picture->chroma_bytes);
        status |= buffers[index].pixels == NULL;
    }
    if (status == 0) {
        status = push(session, picture, buffers, frames, lend, times);
    }
    fixate_session_free(session);
    for (index = 0; index < BUFFERS; index++) {
        free(buffers[index].pixels);
    }
    return status;
}

int main(int argc, char **argv)
{
    static const Picture pictures[] = {
        {"1280x720 NV12", FIXATE_FORMAT_NV12, 1280, 720, 1280 * 720, 1280 * 360, 1280},
        {"1920x1080 RGBA", FIXATE_FORMAT_RGBA8, 1920, 1080, (size_t)1920 * 1080 * 4, 0, 1920 * 4},
    };
    int frames = argc > 1 ? atoi(argv[1]) : 150, status = 0;
    size_t index;
    double *times = (double *)malloc(sizeof(double) * (size_t)(frames > 0 ? frames : 1));
    if (times == NULL || frames < 1) {
        fprintf(stderr, "usage: push [FRAMES]\n");
        return 2;
    }
    for (index = 0; index < sizeof pictures / sizeof *pictures && status == 0; index++) {
        status = measure(&pictures[index], frames, 0, times) || measure(&pictures[index], frames, 1, times);
    }
    free(times);
    return status;
}
