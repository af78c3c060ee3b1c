/* Segments the thing at a pixel of a picture: segment PICTURE.ppm X Y MASK.pgm [BUNDLE]
 *
 * The picture is a binary PPM, as `convert photo.jpg photo.ppm` makes it. */

#include <stdio.h>
#include <stdlib.h>

#include "fixate.h"

static int failed(const char *what)
{
    char text[512];
    fixate_last_error(text, sizeof text, NULL);
    fprintf(stderr, "%s: %s\n", what, text);
    return 1;
}

static unsigned char *read_ppm(const char *path, uint32_t *width, uint32_t *height)
{
    unsigned w = 0, h = 0, most = 0;
    unsigned char *pixels = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    if (fscanf(file, "P6 %u %u %u", &w, &h, &most) == 3 && most == 255 && w > 0 && h > 0 && w <= 65536
        && h <= 65536 && fgetc(file) != EOF) {
        size_t size = (size_t)w * h * 3;
        pixels = (unsigned char *)malloc(size);
        if (pixels != NULL && fread(pixels, 1, size, file) != size) {
            free(pixels);
            pixels = NULL;
        }
    }
    fclose(file);
    *width = w;
    *height = h;
    return pixels;
}

static int write_pgm(const char *path, const unsigned char *mask, uint32_t width, uint32_t height)
{
    size_t size = (size_t)width * height;
    FILE *file = fopen(path, "wb");
    int written;
    if (file == NULL) {
        return 0;
    }
    written = fprintf(file, "P5\n%u %u\n255\n", (unsigned)width, (unsigned)height) > 0
        && fwrite(mask, 1, size, file) == size;
    return fclose(file) == 0 && written;
}

static int segment(fixate_segmenter *segmenter, const unsigned char *pixels, uint32_t width, uint32_t height,
                   float x, float y, const char *path)
{
    fixate_frame frame;
    fixate_prompt prompt;
    fixate_candidate candidate;
    fixate_point point;
    size_t count = 0, position;
    unsigned char *mask;
    int status = 1;

    fixate_frame_init(&frame, sizeof frame);
    frame.format = FIXATE_FORMAT_RGB8;
    frame.width_px = width;
    frame.height_px = height;
    frame.planes[0].data = pixels;
    frame.planes[0].size_bytes = (size_t)width * height * 3;
    frame.planes[0].stride_bytes = (size_t)width * 3;
    if (fixate_segmenter_set_image(segmenter, &frame) != FIXATE_OK) {
        return failed("the picture cannot be encoded");
    }

    point.x_px = x;
    point.y_px = y;
    point.label = FIXATE_POINT_FOREGROUND;
    fixate_prompt_init(&prompt, sizeof prompt);
    prompt.points = &point;
    prompt.point_count = 1;
    if (fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_AUTO, &count) != FIXATE_OK) {
        return failed("the point cannot be answered");
    }
    /* Masks of what is small in the picture become finer; it takes some times as long as the answer without. */
    if (fixate_segmenter_look_closer(segmenter, &frame) != FIXATE_OK) {
        return failed("the picture cannot be looked at closer");
    }

    fixate_candidate_init(&candidate, sizeof candidate);
    for (position = 0; position < count; position++) {
        if (fixate_segmenter_candidate(segmenter, position, &candidate) != FIXATE_OK) {
            return failed("a candidate cannot be read");
        }
        printf("mask %u: predicted IoU %.2f, stability %.2f, %lu pixels, box %u,%u %ux%u\n",
               (unsigned)candidate.index, (double)candidate.predicted_iou, (double)candidate.stability,
               (unsigned long)candidate.area_px, (unsigned)candidate.box_px[0], (unsigned)candidate.box_px[1],
               (unsigned)candidate.box_px[2], (unsigned)candidate.box_px[3]);
    }

    mask = (unsigned char *)malloc((size_t)width * height);
    if (mask == NULL) {
        fprintf(stderr, "no memory for the mask\n");
        return 1;
    }
    if (fixate_segmenter_bitmap(segmenter, 0, mask, width, (size_t)width * height) != FIXATE_OK) {
        failed("the mask cannot be read");
    } else if (!write_pgm(path, mask, width, height)) {
        fprintf(stderr, "%s cannot be written\n", path);
    } else {
        status = 0;
    }
    free(mask);
    return status;
}

int main(int argc, char **argv)
{
    fixate_segmenter *segmenter = NULL;
    uint32_t width = 0, height = 0;
    unsigned char *pixels;
    int status;

    if (argc < 5 || argc > 6) {
        fprintf(stderr, "usage: segment PICTURE.ppm X Y MASK.pgm [BUNDLE]\n");
        return 2;
    }
    pixels = read_ppm(argv[1], &width, &height);
    if (pixels == NULL) {
        fprintf(stderr, "%s is no binary PPM with 8 bits a channel\n", argv[1]);
        return 1;
    }
    if (fixate_segmenter_create(argc == 6 ? argv[5] : NULL, NULL, &segmenter) != FIXATE_OK) {
        free(pixels);
        return failed("the model cannot be loaded");
    }
    status = segment(segmenter, pixels, width, height, (float)atof(argv[2]), (float)atof(argv[3]), argv[4]);
    fixate_segmenter_free(segmenter);
    free(pixels);
    return status;
}
