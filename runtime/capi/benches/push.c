/* What pushing a 1280x720 NV12 frame costs the thread that pushes: push [FRAMES], 30 a second. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixate.h"

enum { WIDTH = 1280, HEIGHT = 720 };

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

int main(int argc, char **argv)
{
    int frames = argc > 1 ? atoi(argv[1]) : 300, count;
    unsigned char *pixels = (unsigned char *)malloc(WIDTH * HEIGHT * 3 / 2);
    double *times = (double *)malloc(sizeof(double) * (size_t)(frames > 0 ? frames : 1));
    fixate_session *session = NULL;
    struct timespec rest = {0, 33333333};

    if (pixels == NULL || times == NULL || frames < 1) {
        fprintf(stderr, "usage: push [FRAMES]\n");
        return 2;
    }
    if (fixate_session_create(NULL, NULL, &session) != FIXATE_OK) {
        char text[512];
        fixate_last_error(text, sizeof text, NULL);
        fprintf(stderr, "%s\n", text);
        return 1;
    }
    for (count = 0; count < frames; count++) {
        fixate_frame frame;
        double start;
        /* Written anew, as a camera does, so that it is not in the cache for no reason. */
        memset(pixels, 60 + count % 100, WIDTH * HEIGHT * 3 / 2);
        fixate_frame_init(&frame, sizeof frame);
        frame.format = FIXATE_FORMAT_NV12;
        frame.width_px = WIDTH;
        frame.height_px = HEIGHT;
        frame.capture_time_us = fixate_now_us();
        frame.planes[0].data = pixels;
        frame.planes[0].size_bytes = WIDTH * HEIGHT;
        frame.planes[0].stride_bytes = WIDTH;
        frame.planes[1].data = pixels + WIDTH * HEIGHT;
        frame.planes[1].size_bytes = WIDTH * HEIGHT / 2;
        frame.planes[1].stride_bytes = WIDTH;
        start = now_ms();
        if (fixate_session_push_frame(session, &frame, NULL, NULL, NULL) != FIXATE_OK) {
            fprintf(stderr, "frame %d was not taken\n", count);
            return 1;
        }
        times[count] = now_ms() - start;
        nanosleep(&rest, NULL);
    }
    fixate_session_free(session);
    qsort(times, (size_t)frames, sizeof *times, by_time);
    printf("%d frames of 1280x720 NV12: p50 %.3f ms, p99 %.3f ms, max %.3f ms\n", frames, times[frames / 2],
           times[frames * 99 / 100], times[frames - 1]);
    free(times);
    free(pixels);
    return 0;
}
