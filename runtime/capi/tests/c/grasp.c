/* Grasp points from C: prompts by pixel and by position in space, and what a gripper asks of the answer. */

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "picture.h"

static unsigned char mask[WIDTH * HEIGHT];
static uint16_t millimetres[HEIGHT][WIDTH + 3];
static float metres[HEIGHT][WIDTH];

static int near(double found, double expected, double most)
{
    return fabs(found - expected) <= most;
}

/* The camera looks along the robot's x axis, from half a metre above its origin. */
static fixate_camera camera(void)
{
    static const double rotation[9] = {0.0, -1.0, 0.0, 0.0, 0.0, -1.0, 1.0, 0.0, 0.0};
    fixate_camera camera;
    CHECK(fixate_camera_init(&camera, sizeof camera) == FIXATE_OK);
    camera.width_px = WIDTH;
    camera.height_px = HEIGHT;
    camera.focal_x_px = 300.0;
    camera.focal_y_px = 300.0;
    camera.centre_x_px = 160.0;
    camera.centre_y_px = 120.0;
    memcpy(camera.camera_from_robot_rotation, rotation, sizeof rotation);
    camera.camera_from_robot_translation_m[1] = 0.5;
    return camera;
}

/* The disc is 1.5 m away, with holes in the measurement; what is behind it 4 m. */
static void measure_depth(void)
{
    int x, y;
    for (y = 0; y < HEIGHT; y++) {
        for (x = 0; x < WIDTH; x++) {
            int inside = (x - 160) * (x - 160) + (y - 120) * (y - 120) < 60 * 60;
            int hole = (x + y) % 4 == 0;
            millimetres[y][x] = (uint16_t)(hole ? 0 : inside ? 1500 : 4000);
            metres[y][x] = hole ? NAN : inside ? 1.5F : 4.0F;
        }
    }
}

static fixate_depth depth_u16(void)
{
    fixate_depth depth;
    CHECK(fixate_depth_init(&depth, sizeof depth) == FIXATE_OK);
    depth.width_px = WIDTH;
    depth.height_px = HEIGHT;
    depth.data = millimetres;
    depth.size_bytes = sizeof millimetres;
    depth.stride_bytes = sizeof millimetres[0];
    return depth;
}

static fixate_depth depth_f32(void)
{
    fixate_depth depth = depth_u16();
    depth.format = FIXATE_DEPTH_F32;
    depth.data = metres;
    depth.size_bytes = sizeof metres;
    depth.stride_bytes = sizeof metres[0];
    return depth;
}

/* Compared with the mask itself, pixel by pixel. */
static void shape_is_of_the_mask(const fixate_grasp *grasp)
{
    uint64_t area = 0;
    double x_sum = 0.0, y_sum = 0.0, along[2] = {1e9, -1e9}, across[2] = {1e9, -1e9}, nearest = 1e9, medoid;
    int x, y, touches = 0, edges[4] = {WIDTH, HEIGHT, 0, 0};
    for (y = 0; y < HEIGHT; y++) {
        for (x = 0; x < WIDTH; x++) {
            if (mask[y * WIDTH + x] != 0) {
                area++;
                x_sum += x;
                y_sum += y;
                touches |= x == 0 || y == 0 || x == WIDTH - 1 || y == HEIGHT - 1;
                edges[0] = x < edges[0] ? x : edges[0];
                edges[1] = y < edges[1] ? y : edges[1];
                edges[2] = x + 1 > edges[2] ? x + 1 : edges[2];
                edges[3] = y + 1 > edges[3] ? y + 1 : edges[3];
            }
        }
    }
    CHECK(grasp->area_px == area && (grasp->touches_border != 0) == touches);
    CHECK(near(grasp->centroid_px[0], x_sum / (double)area, 1e-6));
    CHECK(near(grasp->centroid_px[1], y_sum / (double)area, 1e-6));
    for (x = 0; x < 4; x++) {
        CHECK(near(grasp->box_px[x], edges[x] - 0.5, 1e-9));
    }
    CHECK(near(hypot(grasp->major[0], grasp->major[1]), 1.0, 1e-9));
    CHECK(near(grasp->major[0] * grasp->minor[0] + grasp->major[1] * grasp->minor[1], 0.0, 1e-9));
    for (y = 0; y < HEIGHT; y++) {
        for (x = 0; x < WIDTH; x++) {
            if (mask[y * WIDTH + x] != 0) {
                double dx = x - grasp->centroid_px[0], dy = y - grasp->centroid_px[1];
                double u = dx * grasp->major[0] + dy * grasp->major[1];
                double v = dx * grasp->minor[0] + dy * grasp->minor[1];
                along[0] = fmin(along[0], u);
                along[1] = fmax(along[1], u);
                across[0] = fmin(across[0], v);
                across[1] = fmax(across[1], v);
                nearest = fmin(nearest, hypot(dx, dy));
            }
        }
    }
    medoid = hypot(grasp->medoid_px[0] - grasp->centroid_px[0], grasp->medoid_px[1] - grasp->centroid_px[1]);
    CHECK(near(medoid, nearest, 1e-9));
    CHECK(mask[grasp->medoid_px[1] * WIDTH + grasp->medoid_px[0]] == 255);
    /* Pixels are squares: up to half a diagonal more on each side. */
    CHECK(grasp->length_px - (along[1] - along[0]) >= 1.0 && grasp->length_px - (along[1] - along[0]) < 1.5);
    CHECK(grasp->width_px - (across[1] - across[0]) >= 1.0 && grasp->width_px - (across[1] - across[0]) < 1.5);
    CHECK(grasp->major_deviation_px >= grasp->minor_deviation_px && grasp->minor_deviation_px > 0.0);
}

static void depth_is_the_disc(const fixate_grasp *grasp)
{
    CHECK(grasp->has_depth != 0);
    CHECK(near(grasp->depth_median_m, 1.5, 1e-6) && near(grasp->depth_mad_m, 0.0, 1e-6));
    CHECK(near(grasp->depth_valid_ratio, 0.75, 0.05));
    CHECK(grasp->surface_px > 0 && grasp->surface_px <= grasp->area_px);
    CHECK(near(grasp->centroid_camera_m[2], 1.5, 1e-6));
    CHECK(fabs(grasp->centroid_camera_m[0]) < 0.1 && fabs(grasp->centroid_camera_m[1]) < 0.1);
    /* Ahead of the robot, half a metre up; to the picture's right is to the robot's right. */
    CHECK(near(grasp->centroid_robot_m[0], 1.5, 1e-6));
    CHECK(near(grasp->centroid_robot_m[1], -grasp->centroid_camera_m[0], 1e-9));
    CHECK(near(grasp->centroid_robot_m[2], 0.5 - grasp->centroid_camera_m[1], 1e-9));
    CHECK(near(grasp->width_m, grasp->width_px * 1.5 / 300.0, 1e-6));
    CHECK(near(grasp->length_m, grasp->length_px * 1.5 / 300.0, 1e-6));
}

static void points_in_space_are_projected(void)
{
    fixate_camera seen = camera();
    double ahead[3] = {2.0, 0.1, 0.6}, behind[3] = {-2.0, 0.0, 0.5}, aside[3] = {2.0, 5.0, 0.5};
    double depth_m = 0.0, not_a_number[3] = {NAN, 0.0, 0.0};
    fixate_point point = {-1.0F, -1.0F, 7};
    CHECK(fixate_camera_project(&seen, ahead, &point, &depth_m) == FIXATE_OK);
    CHECK(near(depth_m, 2.0, 1e-12) && near(point.x_px, 145.0, 1e-4) && near(point.y_px, 105.0, 1e-4));
    CHECK(point.label == FIXATE_POINT_FOREGROUND);
    CHECK(fixate_camera_project(&seen, ahead, &point, NULL) == FIXATE_OK);
    point.x_px = 9.0F;
    CHECK(fixate_camera_project(&seen, behind, &point, &depth_m) == FIXATE_ERROR_PROMPT);
    CHECK(fixate_camera_project(&seen, aside, &point, &depth_m) == FIXATE_ERROR_PROMPT);
    CHECK(fixate_camera_project(&seen, not_a_number, &point, &depth_m) == FIXATE_ERROR_PROMPT);
    CHECK(fixate_camera_project(NULL, ahead, &point, &depth_m) == FIXATE_ERROR_NULL);
    CHECK(fixate_camera_project(&seen, NULL, &point, &depth_m) == FIXATE_ERROR_NULL);
    CHECK(fixate_camera_project(&seen, ahead, NULL, &depth_m) == FIXATE_ERROR_NULL);
    seen.focal_x_px = 0.0;
    CHECK(fixate_camera_project(&seen, ahead, &point, &depth_m) == FIXATE_ERROR_ARGUMENT);
    seen = camera();
    seen.camera_from_robot_rotation[0] = 1.0;
    CHECK(fixate_camera_project(&seen, ahead, &point, &depth_m) == FIXATE_ERROR_ARGUMENT);
    seen = camera();
    seen.width_px = 0;
    CHECK(fixate_camera_project(&seen, ahead, &point, &depth_m) == FIXATE_ERROR_ARGUMENT);
    seen.struct_size = 8;
    CHECK(fixate_camera_project(&seen, ahead, &point, &depth_m) == FIXATE_ERROR_STRUCT_SIZE);
    CHECK(point.x_px == 9.0F && near(depth_m, 2.0, 1e-12));
}

static int has_a_mask(fixate_session *session, uint64_t wanted, fixate_answer *answer)
{
    int tries;
    for (tries = 0; tries < 100; tries++) {
        if (fixate_session_wait_answer(session, 1000000, answer) == FIXATE_OK && answer->prompt == wanted) {
            return answer->kind != FIXATE_ANSWER_NONE && answer->area_px > 0;
        }
    }
    return 0;
}

static void sessions_answer_grasp_points(void)
{
    fixate_session_options options;
    fixate_session *session = NULL;
    fixate_grasp_point point;
    fixate_grasp grasp;
    fixate_answer answer;
    fixate_candidate candidate;
    fixate_camera seen = camera();
    fixate_depth depth = depth_u16();
    uint64_t wanted = 0;
    int kind, tries, done;
    uint32_t position;

    CHECK(fixate_session_options_init(&options, sizeof options) == FIXATE_OK);
    options.expected_width_px = WIDTH;
    options.expected_height_px = HEIGHT;
    options.budget_us = 500000;
    CHECK(fixate_session_create(NULL, &options, &session) == FIXATE_OK);
    CHECK(fixate_answer_init(&answer, sizeof answer) == FIXATE_OK);
    CHECK(fixate_grasp_init(&grasp, sizeof grasp) == FIXATE_OK);
    CHECK(fixate_candidate_init(&candidate, sizeof candidate) == FIXATE_OK);
    CHECK(fixate_grasp_point_init(&point, sizeof point) == FIXATE_OK);
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_session_candidate(session, 0, &candidate) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_session_push_grasp(session, 0, &point, &seen, 0, &wanted) == FIXATE_ERROR_PROMPT);
    for (kind = 0; kind < 2; kind++) {
        /* The middle of the disc, either way. */
        point.kind = kind == 0 ? FIXATE_GRASP_PIXEL : FIXATE_GRASP_ROBOT;
        point.x = kind == 0 ? 160.0 : 1.5;
        point.y = kind == 0 ? 120.0 : 0.0;
        point.z = 0.5;
        for (tries = 0, done = 0; tries < 1000 && !done; tries++) {
            fixate_frame frame = frame_now();
            CHECK(fixate_session_push_frame(session, &frame, NULL, NULL, NULL) == FIXATE_OK);
            rest(20);
            if (fixate_session_push_grasp(session, 0, &point, kind == 0 ? NULL : &seen, 0, &wanted) == FIXATE_OK) {
                done = has_a_mask(session, wanted, &answer);
            }
        }
        CHECK(done);
        CHECK(fixate_session_bitmap(session, mask, WIDTH, sizeof mask) == FIXATE_OK);
        CHECK(fixate_session_measure(session, NULL, NULL, &grasp) == FIXATE_OK);
        CHECK(grasp.has_depth == 0 && grasp.depth_median_m == 0.0);
        shape_is_of_the_mask(&grasp);
        depth = depth_u16();
        CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_OK);
        shape_is_of_the_mask(&grasp);
        depth_is_the_disc(&grasp);
        depth = depth_f32();
        CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_OK);
        depth_is_the_disc(&grasp);

        CHECK(answer.candidate_count >= 1 && answer.shown < answer.candidate_count);
        for (position = 0; position < answer.candidate_count; position++) {
            CHECK(fixate_session_candidate(session, position, &candidate) == FIXATE_OK);
            CHECK(candidate.agreement >= -1.0F && candidate.agreement <= 1.0F);
            CHECK(position != answer.shown
                  || (candidate.index == answer.index && candidate.predicted_iou == answer.predicted_iou));
        }
        CHECK(fixate_session_candidate(session, position, &candidate) == FIXATE_ERROR_NOTHING);
        CHECK(answer.keyframe > 0 && answer.keyframe_us > 0 && answer.frame_age_us >= 0);
        CHECK(answer.deadline_us > answer.pushed_us && answer.decoded_for > 0);
        CHECK(fabs(answer.frame_from_keyframe[0]) > 0.5 && fabs(answer.frame_from_keyframe[8]) > 0.5);
    }

    /* What cannot be measured. */
    memset(&grasp.depth_median_m, 0xee, sizeof grasp.depth_median_m);
    depth = depth_u16();
    depth.format = 2;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_ARGUMENT);
    depth = depth_u16();
    depth.unit_m = NAN;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_FRAME);
    depth = depth_u16();
    depth.stride_bytes = WIDTH * 2 - 2;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_FRAME);
    depth.stride_bytes = WIDTH * 2 + 1;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_FRAME);
    depth.stride_bytes = (size_t)-2;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_FRAME);
    depth = depth_u16();
    depth.data = (const unsigned char *)depth.data + 1;
    depth.size_bytes--;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_FRAME);
    depth = depth_u16();
    depth.size_bytes = 100;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_FRAME);
    depth.size_bytes = (size_t)-1;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_FRAME);
    depth = depth_u16();
    depth.data = NULL;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_NULL);
    depth = depth_u16();
    depth.width_px--;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_ARGUMENT);
    depth = depth_u16();
    depth.struct_size = 4;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_STRUCT_SIZE);
    depth = depth_u16();
    CHECK(fixate_session_measure(session, &depth, NULL, &grasp) == FIXATE_ERROR_NULL);
    seen.focal_y_px = -1.0;
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_ERROR_ARGUMENT);
    seen = camera();
    CHECK(fixate_session_measure(session, &depth, &seen, NULL) == FIXATE_ERROR_NULL);
    memset(millimetres, 0, sizeof millimetres);
    CHECK(fixate_session_measure(session, &depth, &seen, &grasp) == FIXATE_OK && grasp.has_depth == 0);

    point.kind = 5;
    CHECK(fixate_session_push_grasp(session, 0, &point, &seen, 0, &wanted) == FIXATE_ERROR_ARGUMENT);
    point.kind = FIXATE_GRASP_ROBOT;
    CHECK(fixate_session_push_grasp(session, 0, &point, NULL, 0, &wanted) == FIXATE_ERROR_NULL);
    point.x = -1.0;
    CHECK(fixate_session_push_grasp(session, 0, &point, &seen, 0, &wanted) == FIXATE_ERROR_PROMPT);
    point.kind = FIXATE_GRASP_PIXEL;
    CHECK(fixate_session_push_grasp(session, 0, &point, NULL, 0, &wanted) == FIXATE_ERROR_PROMPT);
    point.x = NAN;
    CHECK(fixate_session_push_grasp(session, 0, &point, NULL, 0, &wanted) == FIXATE_ERROR_PROMPT);
    point.struct_size = 4;
    CHECK(fixate_session_push_grasp(session, 0, &point, NULL, 0, &wanted) == FIXATE_ERROR_STRUCT_SIZE);
    CHECK(fixate_session_stop(session, NULL) == FIXATE_OK);
    CHECK(fixate_grasp_point_init(&point, sizeof point) == FIXATE_OK);
    CHECK(fixate_session_push_grasp(session, 0, &point, NULL, 0, &wanted) == FIXATE_ERROR_STOPPED);
    /* The newest answer can still be read. */
    CHECK(fixate_session_measure(session, NULL, NULL, &grasp) == FIXATE_OK);
    CHECK(fixate_session_free(session) == FIXATE_OK);
}

static void segmenters_measure_too(void)
{
    fixate_segmenter *segmenter = NULL;
    fixate_frame frame = frame_now();
    fixate_camera seen = camera();
    fixate_depth depth;
    fixate_grasp grasp;
    fixate_point point;
    fixate_prompt prompt;
    double position_m[3] = {1.5, 0.0, 0.5};
    measure_depth();
    depth = depth_u16();
    CHECK(fixate_segmenter_create(NULL, NULL, &segmenter) == FIXATE_OK);
    CHECK(fixate_grasp_init(&grasp, sizeof grasp) == FIXATE_OK);
    CHECK(fixate_segmenter_measure(segmenter, 0, NULL, NULL, &grasp) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_segmenter_set_image(segmenter, &frame) == FIXATE_OK);
    CHECK(fixate_camera_project(&seen, position_m, &point, NULL) == FIXATE_OK);
    CHECK(fixate_prompt_init(&prompt, sizeof prompt) == FIXATE_OK);
    prompt.points = &point;
    prompt.point_count = 1;
    CHECK(fixate_segmenter_segment(segmenter, &prompt, FIXATE_MULTIMASK_NEVER, NULL) == FIXATE_OK);
    CHECK(fixate_segmenter_bitmap(segmenter, 0, mask, WIDTH, sizeof mask) == FIXATE_OK);
    CHECK(fixate_segmenter_measure(segmenter, 0, &depth, &seen, &grasp) == FIXATE_OK);
    shape_is_of_the_mask(&grasp);
    depth_is_the_disc(&grasp);
    CHECK(fixate_segmenter_measure(segmenter, 1, &depth, &seen, &grasp) == FIXATE_ERROR_NOTHING);
    CHECK(fixate_segmenter_free(segmenter) == FIXATE_OK);
    CHECK(fixate_segmenter_measure(segmenter, 0, &depth, &seen, &grasp) == FIXATE_ERROR_HANDLE);
}

int main(void)
{
    draw();
    measure_depth();
    points_in_space_are_projected();
    sessions_answer_grasp_points();
    segmenters_measure_too();
    printf("%d checks passed\n", checks);
    return 0;
}
