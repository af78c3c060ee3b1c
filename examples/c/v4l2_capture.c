/* A camera's pictures, straight from the kernel, and what is at their centre: v4l2_capture [DEVICE] [FRAMES]
 *
 * YUYV, which nearly every camera has, in buffers that the driver fills; their times are of the session's clock. */

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixate.h"

/* The driver fills some while the session looks at others. */
enum { BUFFERS = 8 };

typedef struct {
    int device;
    uint32_t width, height, stride;
    void *start[BUFFERS];
    size_t length[BUFFERS];
    unsigned count;
} Camera;

static int failed(const char *what)
{
    char text[512];
    fixate_last_error(text, sizeof text, NULL);
    fprintf(stderr, "%s: %s\n", what, text);
    return 0;
}

static int control(int device, unsigned long request, void *argument)
{
    int status;
    do {
        status = ioctl(device, request, argument);
    } while (status == -1 && errno == EINTR);
    return status;
}

static int queue(const Camera *camera, unsigned index)
{
    struct v4l2_buffer buffer;
    memset(&buffer, 0, sizeof buffer);
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    buffer.index = index;
    return control(camera->device, VIDIOC_QBUF, &buffer) == 0;
}

static int open_camera(Camera *camera, const char *path)
{
    struct v4l2_format format;
    struct v4l2_requestbuffers request;
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;

    camera->device = open(path, O_RDWR | O_NONBLOCK);
    if (camera->device == -1) {
        fprintf(stderr, "%s cannot be opened: %s\n", path, strerror(errno));
        return 0;
    }
    memset(&format, 0, sizeof format);
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    format.fmt.pix.width = 1280;
    format.fmt.pix.height = 720;
    format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
    format.fmt.pix.field = V4L2_FIELD_NONE;
    if (control(camera->device, VIDIOC_S_FMT, &format) != 0 || format.fmt.pix.pixelformat != V4L2_PIX_FMT_YUYV) {
        fprintf(stderr, "%s is no camera that gives YUYV\n", path);
        return 0;
    }
    camera->width = format.fmt.pix.width;
    camera->height = format.fmt.pix.height;
    camera->stride = format.fmt.pix.bytesperline;

    memset(&request, 0, sizeof request);
    request.count = BUFFERS;
    request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    request.memory = V4L2_MEMORY_MMAP;
    if (control(camera->device, VIDIOC_REQBUFS, &request) != 0 || request.count < 2) {
        fprintf(stderr, "%s lends no buffers: %s\n", path, strerror(errno));
        return 0;
    }
    for (camera->count = 0; camera->count < request.count && camera->count < BUFFERS; camera->count++) {
        struct v4l2_buffer buffer;
        void *start;
        memset(&buffer, 0, sizeof buffer);
        buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        buffer.memory = V4L2_MEMORY_MMAP;
        buffer.index = camera->count;
        if (control(camera->device, VIDIOC_QUERYBUF, &buffer) != 0) {
            perror("VIDIOC_QUERYBUF");
            return 0;
        }
        start = mmap(NULL, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, camera->device, (off_t)buffer.m.offset);
        if (start == MAP_FAILED) {
            perror("mmap");
            return 0;
        }
        camera->start[camera->count] = start;
        camera->length[camera->count] = buffer.length;
        if (!queue(camera, camera->count)) {
            perror("VIDIOC_QBUF");
            return 0;
        }
    }
    if (control(camera->device, VIDIOC_STREAMON, &type) != 0) {
        perror("VIDIOC_STREAMON");
        return 0;
    }
    return 1;
}

static void close_camera(Camera *camera)
{
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (camera->device == -1) {
        return;
    }
    control(camera->device, VIDIOC_STREAMOFF, &type);
    while (camera->count > 0) {
        camera->count--;
        munmap(camera->start[camera->count], camera->length[camera->count]);
    }
    close(camera->device);
}

typedef struct {
    Camera *camera;
    unsigned index;
} Lent;

/* The session has read the picture where it is: the driver may fill its buffer again. On a thread of the session. */
static void give_back(void *context)
{
    Lent *lent = (Lent *)context;
    if (!queue(lent->camera, lent->index)) {
        perror("VIDIOC_QBUF");
    }
}

static int push_next(Camera *camera, fixate_session *session, Lent *lent)
{
    struct pollfd ready;
    struct v4l2_buffer buffer;
    fixate_frame frame;

    ready.fd = camera->device;
    ready.events = POLLIN;
    if (poll(&ready, 1, 2000) <= 0) {
        fprintf(stderr, "the camera gives no frame for two seconds\n");
        return 0;
    }
    memset(&buffer, 0, sizeof buffer);
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    if (control(camera->device, VIDIOC_DQBUF, &buffer) != 0) {
        perror("VIDIOC_DQBUF");
        return 0;
    }
    lent[buffer.index].camera = camera;
    lent[buffer.index].index = buffer.index;
    fixate_frame_init(&frame, sizeof frame);
    frame.format = FIXATE_FORMAT_YUYV;
    frame.width_px = camera->width;
    frame.height_px = camera->height;
    frame.capture_time_us = (int64_t)buffer.timestamp.tv_sec * 1000000 + buffer.timestamp.tv_usec;
    frame.planes[0].data = (const uint8_t *)camera->start[buffer.index];
    frame.planes[0].size_bytes = camera->length[buffer.index];
    frame.planes[0].stride_bytes = camera->stride;
    if (fixate_session_push_frame(session, &frame, give_back, &lent[buffer.index], NULL) != FIXATE_OK) {
        failed("a frame was not taken");
    }
    return 1;
}

static int run(Camera *camera, int frames)
{
    fixate_session *session = NULL;
    fixate_session_options options;
    fixate_point point;
    fixate_prompt prompt;
    fixate_answer answer;
    Lent lent[BUFFERS];
    int done = 1;

    fixate_session_options_init(&options, sizeof options);
    options.expected_width_px = camera->width;
    options.expected_height_px = camera->height;
    if (fixate_session_create(NULL, &options, &session) != FIXATE_OK) {
        return failed("the session does not start");
    }
    point.x_px = (float)camera->width / 2;
    point.y_px = (float)camera->height / 2;
    point.label = FIXATE_POINT_FOREGROUND;
    fixate_prompt_init(&prompt, sizeof prompt);
    prompt.points = &point;
    prompt.point_count = 1;
    fixate_answer_init(&answer, sizeof answer);
    while (done && frames-- > 0) {
        done = push_next(camera, session, lent);
        /* Until the first frame is in, there is nothing to prompt. */
        if (done && fixate_session_push_prompt(session, 0, &prompt, 0, NULL) == FIXATE_OK
            && fixate_session_wait_answer(session, 20000, &answer) == FIXATE_OK && answer.kind != FIXATE_ANSWER_NONE) {
            printf("%lu pixels, keyframe %.0f ms old\n", (unsigned long)answer.area_px, (double)answer.mask_age_us / 1e3);
        }
    }
    fixate_session_free(session);
    return done;
}

int main(int argc, char **argv)
{
    Camera camera;
    int done;
    memset(&camera, 0, sizeof camera);
    done = open_camera(&camera, argc > 1 ? argv[1] : "/dev/video0");
    if (done) {
        done = run(&camera, argc > 2 ? atoi(argv[2]) : 300);
    }
    close_camera(&camera);
    return done ? 0 : 1;
}
