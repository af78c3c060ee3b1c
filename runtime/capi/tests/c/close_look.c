/* Looking closer: what it needs, and that small things become finer. */

#include <string.h>

#include "check.h"
#include "picture.h"

enum { RADIUS = 9 };

static const unsigned char *small_disc(void)
{
    int x, y;
    draw();
    for (y = 0; y < HEIGHT; y++) {
        for (x = 0; x < WIDTH; x++) {
            int dx = x - 80, dy = y - 60;
            int inside = dx * dx + dy * dy < RADIUS * RADIUS;
            picture[y * WIDTH + x] = (unsigned char)(inside ? 200 : 70 + (x * 7 + y * 13) % 23);
        }
    }
    return picture;
}

static double overlap(fixate_segmenter *segmenter, size_t count)
{
    static unsigned char mask[WIDTH * HEIGHT];
    double best = 0.0;
    size_t position;
    for (position = 0; position < count; position++) {
        int x, y, both = 0, either = 0;
        CHECK(fixate_segmenter_bitmap(segmenter, position, mask, WIDTH, sizeof mask) == FIXATE_OK);
        for (y = 0; y < HEIGHT; y++) {
            for (x = 0; x < WIDTH; x++) {
                int dx = x - 80, dy = y - 60;
                int inside = dx * dx + dy * dy < RADIUS * RADIUS;
                both += inside && mask[y * WIDTH + x];
                either += inside || mask[y * WIDTH + x];
            }
        }
        if (either > 0 && (double)both / either > best) {
            best = (double)both / either;
        }
    }
    return best;
}

int main(void)
{
    fixate_segmenter *segmenter = NULL;
    fixate_frame frame = frame_now(), other;
    fixate_prompt prompt;
    fixate_point point = {80.5f, 60.5f, FIXATE_POINT_FOREGROUND};
    fixate_candidate candidate;
    size_t count = 0;
    double wide;

    frame.planes[0].data = small_disc();
    CHECK(fixate_segmenter_create(NULL, NULL, &segmenter) == FIXATE_OK);
    CHECK(fixate_segmenter_look_closer(NULL, &frame) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_look_closer(segmenter, NULL) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_look_closer(segmenter, &frame) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_OK);
    CHECK(fixate_segmenter_look_closer(segmenter, &frame) == FIXATE_ERROR_NOTHING);

    CHECK(fixate_prompt_init(&prompt, sizeof prompt) == FIXATE_OK);
    prompt.points = &point;
    prompt.point_count = 1;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, &count) == FIXATE_OK);
    CHECK(count == 3);
    wide = overlap(segmenter, count);

    /* Refused, and nothing is lost. */
    other = frame;
    other.height_px -= 2;
    CHECK(fixate_segmenter_look_closer(segmenter, &other) == FIXATE_ERROR_FRAME);
    CHECK(overlap(segmenter, count) == wide);

    CHECK(fixate_segmenter_look_closer(segmenter, &frame) == FIXATE_OK);
    CHECK(overlap(segmenter, count) > 0.8);
    CHECK(overlap(segmenter, count) > wide);
    wide = overlap(segmenter, count);
    CHECK(fixate_segmenter_look_closer(segmenter, &frame) == FIXATE_OK);
    CHECK(overlap(segmenter, count) == wide);
    CHECK(fixate_candidate_init(&candidate, sizeof candidate) == FIXATE_OK);
    CHECK(fixate_segmenter_candidate(segmenter, 0, &candidate) == FIXATE_OK);
    CHECK(fixate_segmenter_candidate(segmenter, count, &candidate) == FIXATE_ERROR_NOTHING);

    /* A new image is asked anew. */
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_OK);
    CHECK(fixate_segmenter_look_closer(segmenter, &frame) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_segmenter_free(segmenter) == FIXATE_OK);
    printf("%d checks\n", checks);
    return 0;
}
