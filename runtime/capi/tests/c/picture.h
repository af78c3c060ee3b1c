/* A picture to look at. */

#include <string.h>
#include <time.h>

enum { WIDTH = 320, HEIGHT = 240 };

static unsigned char picture[WIDTH * HEIGHT * 3 / 2];

/* A bright disc before a striped wall, NV12. */
static inline void draw(void)
{
    int x, y;
    for (y = 0; y < HEIGHT; y++) {
        for (x = 0; x < WIDTH; x++) {
            int dx = x - 160, dy = y - 120;
            int inside = dx * dx + dy * dy < 60 * 60;
            picture[y * WIDTH + x] = (unsigned char)(inside ? 220 : 60 + (x / 8 + y / 16) % 2 * 30);
        }
    }
    memset(picture + WIDTH * HEIGHT, 128, WIDTH * HEIGHT / 2);
}

static inline void rest(long milliseconds)
{
    struct timespec time;
    time.tv_sec = milliseconds / 1000;
    time.tv_nsec = milliseconds % 1000 * 1000000;
    nanosleep(&time, NULL);
}

static inline fixate_frame frame_now(void)
{
    fixate_frame frame;
    CHECK(fixate_frame_init(&frame, sizeof frame) == FIXATE_OK);
    frame.format = FIXATE_FORMAT_NV12;
    frame.width_px = WIDTH;
    frame.height_px = HEIGHT;
    frame.capture_time_us = fixate_now_us();
    frame.planes[0].data = picture;
    frame.planes[0].size_bytes = WIDTH * HEIGHT;
    frame.planes[0].stride_bytes = WIDTH;
    frame.planes[1].data = picture + WIDTH * HEIGHT;
    frame.planes[1].size_bytes = WIDTH * HEIGHT / 2;
    frame.planes[1].stride_bytes = WIDTH;
    return frame;
}
