/* What a caller may do wrong: each gets a negative status, and nothing falls over. */

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { WIDTH = 64, HEIGHT = 48 };

static unsigned char pixels[WIDTH * HEIGHT * 3];

static fixate_frame sound_frame(void)
{
    fixate_frame frame;
    CHECK(fixate_frame_init(&frame, sizeof frame) == FIXATE_OK);
    frame.width_px = WIDTH;
    frame.height_px = HEIGHT;
    frame.planes[0].data = pixels;
    frame.planes[0].size_bytes = sizeof pixels;
    frame.planes[0].stride_bytes = WIDTH * 3;
    return frame;
}

static fixate_prompt point_prompt(const fixate_point *point)
{
    fixate_prompt prompt;
    CHECK(fixate_prompt_init(&prompt, sizeof prompt) == FIXATE_OK);
    prompt.points = point;
    prompt.point_count = 1;
    return prompt;
}

static void errors_have_a_text(void)
{
    char text[8];
    size_t length = 0;
    CHECK(fixate_frame_init(NULL, sizeof(fixate_frame)) == FIXATE_ERROR_NULL);
    CHECK(fixate_last_error(NULL, 0, &length) == FIXATE_ERROR_BUFFER && length > 8);
    CHECK(fixate_last_error(NULL, 5, NULL) == FIXATE_ERROR_NULL);
    memset(text, 'x', sizeof text);
    CHECK(fixate_last_error(text, sizeof text, NULL) == FIXATE_ERROR_BUFFER);
    CHECK(strlen(text) == 7 && strncmp(text, "fixate_frame", 7) == 0);
    CHECK(fixate_abi_version() == FIXATE_ABI_VERSION);
    CHECK(strchr(fixate_version(), '.') != NULL);
}

static void structs_may_be_longer_or_shorter(fixate_segmenter *segmenter)
{
    /* A caller of a later release: longer structs, of which this library knows the beginning. */
    struct {
        fixate_frame known;
        unsigned char unknown[64];
    } longer;
    fixate_frame frame = sound_frame();
    memset(&longer, 0xaa, sizeof longer);
    CHECK(fixate_frame_init(&longer.known, sizeof longer) == FIXATE_OK);
    CHECK(longer.known.struct_size == sizeof longer && longer.unknown[0] == 0xaa && longer.unknown[63] == 0xaa);
    CHECK(fixate_frame_init(&frame, sizeof frame - 1) == FIXATE_ERROR_STRUCT_SIZE);
    frame.struct_size = 0;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_STRUCT_SIZE);
    frame = sound_frame();
    frame.struct_size = 4;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_STRUCT_SIZE);
    memcpy(&longer.known, &frame, sizeof frame);
    longer.known.struct_size = sizeof longer;
    CHECK(fixate_segmenter_set_image(segmenter, &longer.known) == FIXATE_OK);
}

static void null_is_told(fixate_segmenter *segmenter)
{
    fixate_frame frame = sound_frame();
    fixate_prompt prompt;
    fixate_candidate candidate;
    size_t count = 99;
    CHECK(fixate_segmenter_create(NULL, NULL, NULL) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_set_image(NULL, &frame) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_set_image(segmenter, NULL) == FIXATE_ERROR_NULL);
    frame.planes[0].data = NULL;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_segment(segmenter, NULL, FIXATE_MULTIMASK_AUTO, &count) == FIXATE_ERROR_NULL);
    prompt = point_prompt(NULL);
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, &count) == FIXATE_ERROR_NULL);
    CHECK(count == 99);
    CHECK(fixate_candidate_init(NULL, 0) == FIXATE_ERROR_NULL);
    CHECK(fixate_prompt_init(NULL, 0) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_options_init(NULL, 0) == FIXATE_ERROR_NULL);
    candidate.struct_size = sizeof candidate;
    CHECK(fixate_segmenter_candidate(NULL, 0, &candidate) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_bitmap(NULL, 0, NULL, 0, 0) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_rle(NULL, 0, NULL, 0, NULL) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_logits(NULL, 0, NULL, 0) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_free(NULL) == FIXATE_OK);
}

static void handles_are_told_apart(void)
{
    fixate_segmenter *segmenter = NULL;
    fixate_frame frame = sound_frame();
    int on_the_stack = 0;
    CHECK(fixate_segmenter_create(NULL, NULL, &segmenter) == FIXATE_OK);
    CHECK(fixate_segmenter_free(segmenter) == FIXATE_OK);
    CHECK(fixate_segmenter_free(segmenter) == FIXATE_ERROR_HANDLE);
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_HANDLE);
    CHECK(fixate_segmenter_free((fixate_segmenter *)&on_the_stack) == FIXATE_ERROR_HANDLE);
}

static void unknown_numbers_are_told(fixate_segmenter *segmenter)
{
    fixate_segmenter_options options;
    fixate_segmenter *other = NULL;
    fixate_frame frame;
    fixate_point point = {5.0F, 5.0F, FIXATE_POINT_FOREGROUND};
    fixate_prompt prompt = point_prompt(&point);
    CHECK(fixate_segmenter_options_init(&options, sizeof options) == FIXATE_OK);
    options.threads = 0;
    CHECK(fixate_segmenter_create(NULL, &options, &other) == FIXATE_ERROR_ARGUMENT);
    options.threads = 1;
    options.precision = 77;
    CHECK(fixate_segmenter_create(NULL, &options, &other) == FIXATE_ERROR_ARGUMENT);
    CHECK(fixate_segmenter_create("/nowhere/at/all", NULL, &other) == FIXATE_ERROR_MODEL);
    CHECK(fixate_segmenter_create("\xff\xfe", NULL, &other) == FIXATE_ERROR_ARGUMENT);
    CHECK(other == NULL);
    frame = sound_frame();
    frame.format = 1000;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_ARGUMENT);
    frame = sound_frame();
    frame.yuv_matrix = 2;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_ARGUMENT);
    point.label = 2;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL) == FIXATE_ERROR_ARGUMENT);
    point.label = FIXATE_POINT_FOREGROUND;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, 9, NULL) == FIXATE_ERROR_ARGUMENT);
    CHECK(fixate_set_log_callback(NULL, NULL, 99) == FIXATE_ERROR_ARGUMENT);
}

static void frames_are_checked(fixate_segmenter *segmenter)
{
    fixate_frame frame = sound_frame();
    frame.planes[0].stride_bytes = WIDTH * 3 - 1;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_FRAME);
    frame = sound_frame();
    frame.planes[0].stride_bytes = (size_t)-1;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_FRAME);
    frame = sound_frame();
    frame.planes[0].size_bytes = sizeof pixels - 1;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_FRAME);
    frame.planes[0].size_bytes = (size_t)-1;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_FRAME);
    frame = sound_frame();
    frame.width_px = 0;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_FRAME);
    frame.width_px = 0xffffffffU;
    frame.height_px = 0xffffffffU;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_FRAME);
    frame = sound_frame();
    frame.format = FIXATE_FORMAT_NV12;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_NULL);
    frame.planes[0].stride_bytes = WIDTH;
    frame.planes[1] = frame.planes[0];
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_OK);
    frame.height_px = HEIGHT - 1;
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_ERROR_FRAME);
    frame = sound_frame();
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_OK);
}

static void prompts_and_buffers_are_checked(fixate_segmenter *segmenter)
{
    fixate_point point = {(float)NAN, 5.0F, FIXATE_POINT_FOREGROUND};
    fixate_prompt prompt = point_prompt(&point);
    fixate_candidate candidate;
    static unsigned char bitmap[WIDTH * HEIGHT + 16];
    static char text[65536];
    static float logits[1024 * 1024];
    float one_logit = 1.0F;
    size_t count = 0, length = 0, logit_count;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL) == FIXATE_ERROR_PROMPT);
    point.x_px = -1.0F;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL) == FIXATE_ERROR_PROMPT);
    point.x_px = FLT_MAX;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL) == FIXATE_ERROR_PROMPT);
    point.x_px = 30.0F;
    point.y_px = 20.0F;
    prompt.point_count = (size_t)-1;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL) == FIXATE_ERROR_PROMPT);
    prompt.point_count = 0;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL) == FIXATE_ERROR_PROMPT);
    prompt.has_box = 1;
    prompt.box.x0_px = 20.0F;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL) == FIXATE_ERROR_PROMPT);
    prompt = point_prompt(&point);
    prompt.mask = &one_logit;
    prompt.mask_width = 0xffffffffU;
    prompt.mask_height = 0xffffffffU;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL) == FIXATE_ERROR_PROMPT);
    prompt.mask_width = 1;
    prompt.mask_height = 1;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL) == FIXATE_ERROR_PROMPT);

    prompt = point_prompt(&point);
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, &count) == FIXATE_OK && count == 3);
    CHECK(fixate_candidate_init(&candidate, sizeof candidate) == FIXATE_OK);
    CHECK(fixate_segmenter_candidate(segmenter, 3, &candidate) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_segmenter_candidate(segmenter, 0, NULL) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_candidate(segmenter, 0, &candidate) == FIXATE_OK);
    CHECK(fixate_segmenter_bitmap(segmenter, 0, NULL, WIDTH, sizeof bitmap) == FIXATE_ERROR_NULL);
    CHECK(fixate_segmenter_bitmap(segmenter, 0, bitmap, WIDTH - 1, sizeof bitmap) == FIXATE_ERROR_ARGUMENT);
    CHECK(fixate_segmenter_bitmap(segmenter, 0, bitmap, (size_t)-1, sizeof bitmap) == FIXATE_ERROR_BUFFER);
    CHECK(fixate_segmenter_bitmap(segmenter, 0, bitmap, WIDTH, WIDTH * HEIGHT - 1) == FIXATE_ERROR_BUFFER);
    memset(bitmap, 7, sizeof bitmap);
    CHECK(fixate_segmenter_bitmap(segmenter, 0, bitmap, WIDTH, WIDTH * HEIGHT) == FIXATE_OK);
    CHECK(bitmap[WIDTH * HEIGHT - 1] != 7 && bitmap[WIDTH * HEIGHT] == 7);
    CHECK(fixate_segmenter_rle(segmenter, 0, NULL, 0, &length) == FIXATE_ERROR_BUFFER && length > 0);
    CHECK(fixate_segmenter_rle(segmenter, 0, text, length, &length) == FIXATE_ERROR_BUFFER);
    CHECK(fixate_segmenter_rle(segmenter, 0, text, length + 1, NULL) == FIXATE_OK && strlen(text) == length);
    logit_count = (size_t)candidate.logits_size[0] * candidate.logits_size[1];
    CHECK(fixate_segmenter_logits(segmenter, 0, logits, logit_count - 1) == FIXATE_ERROR_BUFFER);
    CHECK(fixate_segmenter_logits(segmenter, 0, logits, logit_count) == FIXATE_OK);
    /* Refining the answer with itself. */
    prompt.mask = logits;
    prompt.mask_width = candidate.logits_size[0];
    prompt.mask_height = candidate.logits_size[1];
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_NEVER, &count) == FIXATE_OK && count == 1);
}

static fixate_segmenter *busy;
static int lines = 0;
static int32_t inner = FIXATE_OK;

/* Calls back into the library out of one of its calls. */
static void calls_back(uint32_t level, const char *text, void *context)
{
    fixate_frame frame = sound_frame();
    (void)level;
    lines += text[0] != '\0' && context == (void *)&lines;
    if (busy != NULL) {
        inner = fixate_segmenter_set_image(busy, &frame);
    }
}

static void callbacks_may_call_back(fixate_segmenter *segmenter)
{
    fixate_segmenter *other = NULL;
    busy = segmenter;
    CHECK(fixate_set_log_callback(calls_back, &lines, FIXATE_LOG_INFO) == FIXATE_OK);
    CHECK(fixate_segmenter_create(NULL, NULL, &other) == FIXATE_OK);
    CHECK(lines > 0 && inner == FIXATE_OK);
    CHECK(fixate_set_log_callback(NULL, NULL, FIXATE_LOG_OFF) == FIXATE_OK);
    CHECK(fixate_segmenter_free(other) == FIXATE_OK);
    busy = NULL;
}

static void *uses(void *argument)
{
    fixate_segmenter *segmenter = (fixate_segmenter *)argument;
    fixate_point point = {30.0F, 20.0F, FIXATE_POINT_FOREGROUND};
    fixate_prompt prompt = point_prompt(&point);
    fixate_frame frame = sound_frame();
    int round;
    for (round = 0; round < 5; round++) {
        int32_t status = fixate_segmenter_set_image(segmenter, &frame);
        if (status != FIXATE_OK && status != FIXATE_ERROR_HANDLE) {
            return argument;
        }
        status = fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL);
        if (status != FIXATE_OK && status != FIXATE_ERROR_HANDLE) {
            return argument;
        }
    }
    return NULL;
}

static void threads_may_share_and_free(void)
{
    fixate_segmenter *segmenter = NULL;
    pthread_t threads[4];
    void *wrong = NULL;
    int index;
    CHECK(fixate_segmenter_create(NULL, NULL, &segmenter) == FIXATE_OK);
    for (index = 0; index < 4; index++) {
        CHECK(pthread_create(&threads[index], NULL, uses, segmenter) == 0);
    }
    /* While they use it. */
    CHECK(fixate_segmenter_free(segmenter) == FIXATE_OK);
    for (index = 0; index < 4; index++) {
        CHECK(pthread_join(threads[index], &wrong) == 0 && wrong == NULL);
    }
}

int main(void)
{
    fixate_segmenter *segmenter = NULL;
    size_t index;
    for (index = 0; index < sizeof pixels; index++) {
        pixels[index] = (unsigned char)(index * 7);
    }
    errors_have_a_text();
    CHECK(fixate_segmenter_create(NULL, NULL, &segmenter) == FIXATE_OK);
    {
        fixate_point point = {5.0F, 5.0F, FIXATE_POINT_FOREGROUND};
        fixate_prompt prompt = point_prompt(&point);
        CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, NULL) == FIXATE_ERROR_NOTHING);
    }
    structs_may_be_longer_or_shorter(segmenter);
    null_is_told(segmenter);
    handles_are_told_apart();
    unknown_numbers_are_told(segmenter);
    frames_are_checked(segmenter);
    prompts_and_buffers_are_checked(segmenter);
    callbacks_may_call_back(segmenter);
    threads_may_share_and_free();
    CHECK(fixate_segmenter_free(segmenter) == FIXATE_OK);
    printf("%d checks passed\n", checks);
    return 0;
}
