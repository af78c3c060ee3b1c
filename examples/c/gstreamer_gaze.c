/* A GStreamer pipeline's pictures and a gaze over them, answered in real time:
 *   gstreamer_gaze [SECONDS] [SOURCE], such as: gstreamer_gaze 10 "v4l2src device=/dev/video0"
 *
 * The gaze is made up here, 120 samples a second that rest on a place for half a second and jump to the next: put your
 * eye tracker's in its place. */

#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixate.h"

enum { WIDTH = 1280, HEIGHT = 720, GAZE_HZ = 120 };

typedef struct {
    fixate_session *session;
    GstAppSink *sink;
    GstClockTime base_time;
    gint stop;
} Work;

static int failed(const char *what)
{
    char text[512];
    fixate_last_error(text, sizeof text, NULL);
    fprintf(stderr, "%s: %s\n", what, text);
    return 1;
}

typedef struct {
    GstSample *sample;
    GstVideoFrame frame;
} Lent;

/* The session has read the picture where it is. On a thread of the session. */
static void give_back(void *context)
{
    Lent *lent = (Lent *)context;
    gst_video_frame_unmap(&lent->frame);
    gst_sample_unref(lent->sample);
    g_free(lent);
}

static void push(Work *work, GstSample *sample)
{
    GstBuffer *buffer = gst_sample_get_buffer(sample);
    GstVideoInfo info;
    fixate_frame frame;
    int plane;
    Lent *lent;

    if (buffer == NULL || !gst_video_info_from_caps(&info, gst_sample_get_caps(sample))) {
        gst_sample_unref(sample);
        return;
    }
    lent = g_new0(Lent, 1);
    lent->sample = sample;
    if (!gst_video_frame_map(&lent->frame, &info, buffer, GST_MAP_READ)) {
        gst_sample_unref(sample);
        g_free(lent);
        return;
    }
    fixate_frame_init(&frame, sizeof frame);
    frame.format = FIXATE_FORMAT_NV12;
    frame.width_px = (uint32_t)GST_VIDEO_FRAME_WIDTH(&lent->frame);
    frame.height_px = (uint32_t)GST_VIDEO_FRAME_HEIGHT(&lent->frame);
    /* The pipeline's clock is the system's monotonic one, as the session's is. */
    frame.capture_time_us = (int64_t)((work->base_time + GST_BUFFER_PTS(buffer)) / 1000);
    for (plane = 0; plane < 2; plane++) {
        size_t stride = (size_t)GST_VIDEO_FRAME_PLANE_STRIDE(&lent->frame, plane);
        size_t rows = plane == 0 ? frame.height_px : frame.height_px / 2;
        frame.planes[plane].data = (const uint8_t *)GST_VIDEO_FRAME_PLANE_DATA(&lent->frame, plane);
        frame.planes[plane].stride_bytes = stride;
        frame.planes[plane].size_bytes = stride * rows;
    }
    if (fixate_session_push_frame(work->session, &frame, give_back, lent, NULL) != FIXATE_OK) {
        failed("a frame was not taken");
    }
}

static gpointer film(gpointer data)
{
    Work *work = (Work *)data;
    while (!g_atomic_int_get(&work->stop)) {
        GstSample *sample = gst_app_sink_try_pull_sample(work->sink, 100 * GST_MSECOND);
        if (sample != NULL) {
            push(work, sample);
        } else if (gst_app_sink_is_eos(work->sink)) {
            break;
        }
    }
    return NULL;
}

static gpointer look(gpointer data)
{
    Work *work = (Work *)data;
    gint64 due = g_get_monotonic_time();
    unsigned count;
    for (count = 0; !g_atomic_int_get(&work->stop); count++) {
        unsigned place = count / (GAZE_HZ / 2);
        gint64 wait = due - g_get_monotonic_time();
        fixate_gaze gaze;
        if (wait > 0) {
            g_usleep((gulong)wait);
        }
        fixate_gaze_init(&gaze, sizeof gaze);
        gaze.time_us = fixate_now_us();
        gaze.x = WIDTH * (0.1 + 0.8 * (place % 5) / 4.0);
        gaze.y = HEIGHT * (0.25 + 0.5 * (place % 3) / 2.0);
        /* Before the first frame there is nothing to look at. */
        fixate_session_push_gaze(work->session, &gaze, NULL);
        due += 1000000 / GAZE_HZ;
    }
    return NULL;
}

static void tell(const fixate_answer *answer)
{
    static const char *kinds[] = {"fresh", "propagated", "held", "none"};
    if (answer->kind == FIXATE_ANSWER_NONE) {
        printf("none, reason %u\n", (unsigned)answer->none_reason);
        return;
    }
    printf("%s: %lu pixels in %u,%u %ux%u, predicted IoU %.2f, keyframe %.0f ms old, after %.1f ms\n",
           kinds[answer->kind & 3], (unsigned long)answer->area_px, (unsigned)answer->box_px[0],
           (unsigned)answer->box_px[1], (unsigned)answer->box_px[2], (unsigned)answer->box_px[3],
           (double)answer->predicted_iou, (double)answer->mask_age_us / 1e3,
           (double)(answer->given_us - answer->pushed_us) / 1e3);
}

static int answers(Work *work, double seconds)
{
    gint64 end = g_get_monotonic_time() + (gint64)(seconds * 1e6);
    gint64 next = 0;
    fixate_answer answer;
    fixate_stats stats;
    fixate_answer_init(&answer, sizeof answer);
    while (g_get_monotonic_time() < end) {
        int32_t status = fixate_session_wait_answer(work->session, 100000, &answer);
        if (status == FIXATE_OK && g_get_monotonic_time() > next) {
            tell(&answer);
            next = g_get_monotonic_time() + 1000000;
        } else if (status != FIXATE_OK && status != FIXATE_ERROR_NOTHING) {
            return failed("no more answers");
        }
    }
    fixate_stats_init(&stats, sizeof stats);
    fixate_session_stats(work->session, &stats);
    printf("%lu answers, %.3f %% in time, latency p50 %.2f ms, p99.9 %.2f ms; %lu frames, %lu keyframes\n",
           (unsigned long)stats.answers, 100.0 * (double)stats.in_time / (double)(stats.answers ? stats.answers : 1),
           stats.latency.p50_ms, stats.latency.p999_ms, (unsigned long)stats.frames_pushed,
           (unsigned long)stats.keyframes);
    return stats.answers == 0;
}

static int run(GstElement *pipeline, double seconds)
{
    Work work = {NULL, NULL, 0, 0};
    GThread *camera, *eyes;
    int status;
    fixate_session_options options;

    fixate_session_options_init(&options, sizeof options);
    options.expected_width_px = WIDTH;
    options.expected_height_px = HEIGHT;
    if (fixate_session_create(NULL, &options, &work.session) != FIXATE_OK) {
        return failed("the session does not start");
    }
    if (gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE
        || gst_element_get_state(pipeline, NULL, NULL, 10 * GST_SECOND) == GST_STATE_CHANGE_FAILURE) {
        fprintf(stderr, "the pipeline does not play; is the source there?\n");
        fixate_session_free(work.session);
        return 1;
    }
    work.sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(pipeline), "frames"));
    work.base_time = gst_element_get_base_time(pipeline);
    camera = g_thread_new("camera", film, &work);
    eyes = g_thread_new("eyes", look, &work);
    status = answers(&work, seconds);
    g_atomic_int_set(&work.stop, 1);
    g_thread_join(camera);
    g_thread_join(eyes);
    fixate_session_free(work.session);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(work.sink);
    return status;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 10.0;
    const char *source = argc > 2 ? argv[2] : "videotestsrc is-live=true pattern=smpte";
    GError *error = NULL;
    GstElement *pipeline;
    gchar *text;
    int status;

    gst_init(NULL, NULL);
    text = g_strdup_printf("%s ! videoconvert ! videoscale ! videorate ! "
                           "video/x-raw,format=NV12,width=%d,height=%d,framerate=30/1 ! "
                           "appsink name=frames sync=false max-buffers=2 drop=true",
                           source, WIDTH, HEIGHT);
    pipeline = gst_parse_launch(text, &error);
    g_free(text);
    if (error != NULL || pipeline == NULL) {
        fprintf(stderr, "no pipeline: %s\n", error != NULL ? error->message : "unknown");
        g_clear_error(&error);
        return 1;
    }
    status = run(pipeline, seconds);
    gst_object_unref(pipeline);
    gst_deinit();
    return status;
}
