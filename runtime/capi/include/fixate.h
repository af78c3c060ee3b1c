/* fixate: what a person looks at, or a robot reaches for, as a mask, by a deadline.
 *
 * Errors: functions return FIXATE_OK or a negative FIXATE_ERROR_; fixate_last_error tells the text behind this thread's
 * newest one. On an error nothing was written but what a function says.
 * Structs: they begin with their size. Initialise each with its _init, which takes sizeof of it, so that a newer library
 * understands an older caller.
 * Ownership: what the caller hands over is read, or written, during the call alone, and stays his, unless a function says
 * otherwise, as for frames that are lent. Handles are the library's, from _create to _free; one that was freed is told
 * apart from those that live.
 * Threads: any thread may call any function; calls on one segmenter wait for each other, and so do those that read one
 * session's answers. Callbacks may call any function, but none on a segmenter that the call they come from uses.
 * Blocking: functions that do not say that they wait, load, encode or decode return within some microseconds, or what
 * copying their result takes.
 * Units are in names: _px, _us (microseconds of fixate_now_us), _m, _rad. Made by cbindgen; change the Rust sources
 * instead. */

#ifndef FIXATE_H
#define FIXATE_H

#include <stddef.h>
#include <stdint.h>

/*
 Changes when a caller has to be compiled again: functions leave or mean something else. New
 functions and longer structs do not change it.
 */
#define FIXATE_ABI_VERSION 1

/*
 The header's version is `MAJOR.MINOR.PATCH`, as of semantic versioning; `fixate_version` tells the library's.
 */
#define FIXATE_VERSION_MAJOR 0

/*
 See `FIXATE_VERSION_MAJOR`.
 */
#define FIXATE_VERSION_MINOR 1

/*
 See `FIXATE_VERSION_MAJOR`.
 */
#define FIXATE_VERSION_PATCH 0

/*
 Decoded for this prompt.
 */
#define FIXATE_ANSWER_FRESH 0

/*
 Decoded earlier, for a prompt of the same thing, and moved to this frame.
 */
#define FIXATE_ANSWER_PROPAGATED 1

/*
 The last answer, of the same thing, as it was.
 */
#define FIXATE_ANSWER_HELD 2

/*
 Nothing; `none_reason` says why.
 */
#define FIXATE_ANSWER_NONE 3

/*
 The answer has a mask.
 */
#define FIXATE_NONE_NOT 0

/*
 No frame has been encoded yet, or none of this size.
 */
#define FIXATE_NONE_NO_KEYFRAME 1

/*
 The encoder has failed several times in a row.
 */
#define FIXATE_NONE_ENCODER_FAILING 2

/*
 The encoder does not come back.
 */
#define FIXATE_NONE_ENCODER_HUNG 3

/*
 The camera has given no frame for too long.
 */
#define FIXATE_NONE_CAMERA_STALLED 4

/*
 How the picture moved since the keyframe is not known.
 */
#define FIXATE_NONE_MOTION_LOST 5

/*
 What is prompted is not on the keyframe.
 */
#define FIXATE_NONE_OFF_KEYFRAME 6

/*
 There was no time, and the last answer is of another thing, or too old.
 */
#define FIXATE_NONE_NO_TIME 7

/*
 The decoder has failed.
 */
#define FIXATE_NONE_DECODER_FAILED 8

/*
 The decoder does not come back.
 */
#define FIXATE_NONE_DECODER_HUNG 9

/*
 There is no mask at this place.
 */
#define FIXATE_NONE_NOTHING_FOUND 10

/*
 A newer prompt came before this one was decoded.
 */
#define FIXATE_NONE_SUPERSEDED 11

/*
 Frames have another size than the prompt's.
 */
#define FIXATE_NONE_FRAME_SIZE_CHANGED 12

/*
 Another reason, of a later release.
 */
#define FIXATE_NONE_OTHER 13

/*
 32-bit floating point, metres.
 */
#define FIXATE_DEPTH_F32 0

/*
 16-bit unsigned numbers of `unit_m`.
 */
#define FIXATE_DEPTH_U16 1

/*
 Red, green, blue; 3 bytes a pixel.
 */
#define FIXATE_FORMAT_RGB8 0

/*
 Blue, green, red; 3 bytes a pixel.
 */
#define FIXATE_FORMAT_BGR8 1

/*
 Red, green, blue, alpha; 4 bytes a pixel; alpha is ignored.
 */
#define FIXATE_FORMAT_RGBA8 2

/*
 Blue, green, red, alpha; 4 bytes a pixel; alpha is ignored.
 */
#define FIXATE_FORMAT_BGRA8 3

/*
 One byte of grey a pixel.
 */
#define FIXATE_FORMAT_GRAY8 4

/*
 Two planes: luma, then interleaved U, V at half the width and height. Both sides are even.
 */
#define FIXATE_FORMAT_NV12 5

/*
 Y0 U Y1 V in one plane, 4 bytes for two pixels. The width is even.
 */
#define FIXATE_FORMAT_YUYV 6

/*
 Luma coefficients of ITU-R BT.601, what most cameras give.
 */
#define FIXATE_YUV_BT601 0

/*
 Luma coefficients of ITU-R BT.709, high-definition video.
 */
#define FIXATE_YUV_BT709 1

/*
 Luma 16..235, chroma 16..240.
 */
#define FIXATE_YUV_LIMITED 0

/*
 0..255, as in JPEG.
 */
#define FIXATE_YUV_FULL 1

/*
 `x` and `y` are pixels of the frame.
 */
#define FIXATE_GAZE_PIXEL 0

/*
 `x`, `y`, `z` are a direction in the camera's coordinates: x right, y down, z forward, of any length.
 The session's options must have the camera's intrinsics.
 */
#define FIXATE_GAZE_DIRECTION 1

/*
 `x` and `y` are pixels of the frame.
 */
#define FIXATE_GRASP_PIXEL 0

/*
 `x`, `y`, `z` are a position in the robot's coordinates, metres.
 */
#define FIXATE_GRASP_ROBOT 1

/*
 Nothing is logged.
 */
#define FIXATE_LOG_OFF 0

/*
 What went wrong and was not returned to anybody.
 */
#define FIXATE_LOG_ERROR 1

/*
 What may be a mistake.
 */
#define FIXATE_LOG_WARN 2

/*
 What was loaded and started, and how.
 */
#define FIXATE_LOG_INFO 3

/*
 What helps those who look for a mistake.
 */
#define FIXATE_LOG_DEBUG 4

/*
 The bundle's first encoder, but one in f32 where the first is in int8 and this processor is no faster with bytes.
 */
#define FIXATE_PRECISION_ANY 0

/*
 32-bit floating point.
 */
#define FIXATE_PRECISION_F32 1

/*
 16-bit floating point.
 */
#define FIXATE_PRECISION_F16 2

/*
 8-bit integers.
 */
#define FIXATE_PRECISION_INT8 3

/*
 16-bit codes on processors with instructions for them, 32-bit floating point on others.
 */
#define FIXATE_DECODER_PRECISION_ANY 0

/*
 32-bit floating point.
 */
#define FIXATE_DECODER_PRECISION_F32 1

/*
 16-bit codes, with sums of 32 bits, on x86-64 processors with VNNI, where they take less time; logits change by some
 thousandths of their deviation. 32-bit floating point on others.
 */
#define FIXATE_DECODER_PRECISION_INT16 2

/*
 The point does not belong to the thing.
 */
#define FIXATE_POINT_BACKGROUND 0

/*
 The point belongs to the thing.
 */
#define FIXATE_POINT_FOREGROUND 1

/*
 Three masks for one point and nothing else, which is ambiguous; one otherwise.
 */
#define FIXATE_MULTIMASK_AUTO 0

/*
 Three masks: whole, part, subpart.
 */
#define FIXATE_MULTIMASK_ALWAYS 1

/*
 One mask.
 */
#define FIXATE_MULTIMASK_NEVER 2

/*
 Points of a prompt, at most.
 */
#define FIXATE_MAX_POINTS 4096

/*
 It worked.
 */
#define FIXATE_OK 0

/*
 A pointer that must not be NULL is.
 */
#define FIXATE_ERROR_NULL -1

/*
 A struct's `struct_size` is smaller than the first release's: it was not initialised.
 */
#define FIXATE_ERROR_STRUCT_SIZE -2

/*
 A handle is of another kind, was freed, or never was one.
 */
#define FIXATE_ERROR_HANDLE -3

/*
 A number is none of those that are defined, or out of its range.
 */
#define FIXATE_ERROR_ARGUMENT -4

/*
 A frame's size, strides or planes do not fit each other.
 */
#define FIXATE_ERROR_FRAME -5

/*
 A prompt means nothing on the image.
 */
#define FIXATE_ERROR_PROMPT -6

/*
 A model cannot be loaded, or has failed.
 */
#define FIXATE_ERROR_MODEL -7

/*
 A buffer is too small; the length needed was written where the function says.
 */
#define FIXATE_ERROR_BUFFER -8

/*
 There is nothing there yet.
 */
#define FIXATE_ERROR_NOTHING -9

/*
 The object was stopped.
 */
#define FIXATE_ERROR_STOPPED -10

/*
 Called from a callback out of a call on the same object.
 */
#define FIXATE_ERROR_REENTRANT -11

/*
 The system gives no more of something: memory, threads.
 */
#define FIXATE_ERROR_SYSTEM -12

/*
 A mistake in the library; please report its text.
 */
#define FIXATE_ERROR_INTERNAL -13

/*
 A loaded model with an image. One thread uses it at a time; others wait.
 */
typedef struct fixate_segmenter fixate_segmenter;

/*
 A running session. Any thread may push; answers are for one reader at a time, others wait.
 */
typedef struct fixate_session fixate_session;

/*
 The one answer of a prompt. Its mask stays with the session until the next answer is taken.
 */
typedef struct {
    /*
     `sizeof(fixate_answer)`.
     */
    uint32_t struct_size;
    /*
     A `FIXATE_ANSWER_` number.
     */
    uint32_t kind;
    /*
     A `FIXATE_NONE_` number.
     */
    uint32_t none_reason;
    /*
     Not 0: it was there within the budget.
     */
    uint32_t in_time;
    /*
     The prompt, as `fixate_session_push_prompt` named it; prompts made of gaze count on.
     */
    uint64_t prompt;
    /*
     The frame that the mask is drawn on, as `fixate_session_push_frame` named it; 0 without a mask.
     */
    uint64_t frame;
    /*
     When the prompt, or the gaze sample that made it, was pushed; microseconds.
     */
    int64_t pushed_us;
    /*
     When the answer was there to be taken, microseconds.
     */
    int64_t given_us;
    /*
     Capture of the frame drawn on, microseconds; 0 without a mask.
     */
    int64_t frame_us;
    /*
     From the capture of the keyframe behind the mask to the answer, microseconds; -1 without a mask.
     */
    int64_t mask_age_us;
    /*
     Standard deviation of the prompt's place on the frame, pixels.
     */
    double deviation_px;
    /*
     Pixels of the mask.
     */
    uint64_t area_px;
    /*
     The box around the mask: left, top, width and height in pixels; all 0 if it is empty.
     */
    uint32_t box_px[4];
    /*
     Columns and rows of the mask, as of its frame.
     */
    uint32_t size_px[2];
    /*
     Columns and rows of its logits.
     */
    uint32_t logits_size[2];
    /*
     The model's own estimate of the mask's intersection over union with the truth.
     */
    float predicted_iou;
    /*
     How little the mask depends on its threshold, 0 to 1.
     */
    float stability;
    /*
     Not 0: the camera had stalled.
     */
    uint32_t camera_stalled;
    /*
     Which of the model's masks is shown; 0 is the single mask, 1 to 3 are nested.
     */
    uint32_t index;
    /*
     Masks that this one was chosen from, for `fixate_session_candidate`; 0 without a mask.
     */
    uint32_t candidate_count;
    /*
     The position among those of the one shown.
     */
    uint32_t shown;
    /*
     When the answer was due, microseconds.
     */
    int64_t deadline_us;
    /*
     From the capture of the frame drawn on to the answer, microseconds; -1 without a mask.
     */
    int64_t frame_age_us;
    /*
     The keyframe behind the mask; they are counted from 1. 0 without a mask.
     */
    uint64_t keyframe;
    /*
     Capture of the keyframe, microseconds; 0 without a mask.
     */
    int64_t keyframe_us;
    /*
     The prompt that was decoded: this one if the answer is fresh; 0 without a mask.
     */
    uint64_t decoded_for;
    /*
     Brings the keyframe's pixels to the frame: a homography, row after row; all 0 without a mask.
     */
    double frame_from_keyframe[9];
} fixate_answer;

/*
 A camera without distortion (undistort the pictures of a lens that bends lines), and where it is. Camera
 coordinates are OpenCV's: x right, y down, z forward, metres; the first pixel's centre is (0, 0).
 */
typedef struct {
    /*
     `sizeof(fixate_camera)`.
     */
    uint32_t struct_size;
    /*
     Pixels of a row of its pictures; needed where points are projected.
     */
    uint32_t width_px;
    /*
     Rows of its pictures; needed where points are projected.
     */
    uint32_t height_px;
    /*
     0.
     */
    uint32_t reserved;
    /*
     Focal length, pixels.
     */
    double focal_x_px;
    /*
     See `focal_x_px`.
     */
    double focal_y_px;
    /*
     Principal point, pixels.
     */
    double centre_x_px;
    /*
     See `centre_x_px`.
     */
    double centre_y_px;
    /*
     From the robot's coordinates to the camera's: a rotation, row after row.
     */
    double camera_from_robot_rotation[9];
    /*
     And then a translation, metres.
     */
    double camera_from_robot_translation_m[3];
} fixate_camera;

/*
 A labelled point in pixels of the frame: x to the right, y down, (0, 0) the first pixel.
 */
typedef struct {
    /*
     0 <= x < width.
     */
    float x_px;
    /*
     0 <= y < height.
     */
    float y_px;
    /*
     `FIXATE_POINT_FOREGROUND` or `FIXATE_POINT_BACKGROUND`.
     */
    uint32_t label;
} fixate_point;

/*
 How far each pixel of a frame is along the camera's axis, pixel for pixel with it. Zero, negative and not
 finite values mean: not measured. Lent for a call.
 */
typedef struct {
    /*
     `sizeof(fixate_depth)`.
     */
    uint32_t struct_size;
    /*
     A `FIXATE_DEPTH_` number.
     */
    uint32_t format;
    /*
     As of the frame's.
     */
    uint32_t width_px;
    /*
     As of the frame's.
     */
    uint32_t height_px;
    /*
     The first value of the first row, aligned as its type.
     */
    const void *data;
    /*
     Bytes that are readable from there on; the last row may end where its pixels end.
     */
    size_t size_bytes;
    /*
     From the start of a row to the start of the next, a multiple of a value's size.
     */
    size_t stride_bytes;
    /*
     For `FIXATE_DEPTH_U16`: metres, as 0.001 for millimetres.
     */
    float unit_m;
    /*
     0.
     */
    uint32_t reserved;
} fixate_depth;

/*
 One plane of a frame: rows of bytes.
 */
typedef struct {
    /*
     The first byte of the first row.
     */
    const uint8_t *data;
    /*
     Bytes that are readable from there on; the last row may end where its pixels end.
     */
    size_t size_bytes;
    /*
     From the start of a row to the start of the next.
     */
    size_t stride_bytes;
} fixate_plane;

/*
 An image that the caller lends for a call, or until its release is called.
 */
typedef struct {
    /*
     `sizeof(fixate_frame)`.
     */
    uint32_t struct_size;
    /*
     A `FIXATE_FORMAT_` number.
     */
    uint32_t format;
    /*
     Pixels of a row, at least 1.
     */
    uint32_t width_px;
    /*
     Rows, at least 1.
     */
    uint32_t height_px;
    /*
     A `FIXATE_YUV_BT` number, for YUV formats.
     */
    uint32_t yuv_matrix;
    /*
     `FIXATE_YUV_LIMITED` or `FIXATE_YUV_FULL`, for YUV formats.
     */
    uint32_t yuv_range;
    /*
     When the pixels were captured: microseconds of a monotonic clock, the same for all inputs.
     */
    int64_t capture_time_us;
    /*
     As many as the format has; the second is for NV12 alone.
     */
    fixate_plane planes[2];
} fixate_frame;

/*
 One sample of an eye tracker.
 */
typedef struct {
    /*
     `sizeof(fixate_gaze)`.
     */
    uint32_t struct_size;
    /*
     `FIXATE_GAZE_PIXEL` or `FIXATE_GAZE_DIRECTION`.
     */
    uint32_t kind;
    /*
     When the eyes were seen, microseconds of `fixate_now_us`.
     */
    int64_t time_us;
    /*
     See `kind`.
     */
    double x;
    /*
     See `kind`.
     */
    double y;
    /*
     See `kind`.
     */
    double z;
    /*
     How sure the tracker is, 0 to 1; negative if it does not say.
     */
    float confidence;
    /*
     0 in a blink, or while the tracker is not worn: the position means nothing then.
     */
    uint32_t valid;
} fixate_gaze;

/*
 A point that a robot wants to reach.
 */
typedef struct {
    /*
     `sizeof(fixate_grasp_point)`.
     */
    uint32_t struct_size;
    /*
     A `FIXATE_GRASP_` number.
     */
    uint32_t kind;
    /*
     See `kind`.
     */
    double x;
    /*
     See `kind`.
     */
    double y;
    /*
     See `kind`.
     */
    double z;
} fixate_grasp_point;

/*
 What a gripper asks of a mask. Lengths in the picture are in pixels, which count as squares; the first
 pixel's centre is (0, 0). Places in space are metres, in OpenCV's camera coordinates (x right, y down, z
 forward) or the robot's.
 */
typedef struct {
    /*
     `sizeof(fixate_grasp)`.
     */
    uint32_t struct_size;
    /*
     Not 0: the mask touches the picture's edge, so that the thing may go on beyond it.
     */
    uint32_t touches_border;
    /*
     Pixels of the mask.
     */
    uint64_t area_px;
    /*
     The box around its pixels' squares: left, top, right, bottom.
     */
    double box_px[4];
    /*
     The mean of its pixels; may lie outside of the mask.
     */
    double centroid_px[2];
    /*
     The pixel of the mask nearest to that.
     */
    uint32_t medoid_px[2];
    /*
     Unit vector along the mask, in which it is longest; x is not negative.
     */
    double major[2];
    /*
     Unit vector across it, a quarter turn from x towards y.
     */
    double minor[2];
    /*
     Standard deviation of its pixels along it.
     */
    double major_deviation_px;
    /*
     Standard deviation of its pixels across it.
     */
    double minor_deviation_px;
    /*
     From one end to the other along it.
     */
    double length_px;
    /*
     From one side to the other across it: how far a gripper must open at least.
     */
    double width_px;
    /*
     Not 0: what follows was measured. 0 without a depth image, or where it has no value under the mask.
     */
    uint32_t has_depth;
    /*
     0.
     */
    uint32_t reserved;
    /*
     Median depth along the camera's axis.
     */
    double depth_median_m;
    /*
     Median absolute deviation from it.
     */
    double depth_mad_m;
    /*
     Share of the mask's pixels whose depth was measured, 0 to 1.
     */
    double depth_valid_ratio;
    /*
     Pixels that the centroid rests on: those measured whose depth is near the median.
     */
    uint64_t surface_px;
    /*
     The mean of these pixels in space, camera coordinates.
     */
    double centroid_camera_m[3];
    /*
     The same in the robot's coordinates, by the camera's `camera_from_robot`.
     */
    double centroid_robot_m[3];
    /*
     Length of something flat at the median depth.
     */
    double length_m;
    /*
     Width of something flat at the median depth.
     */
    double width_m;
} fixate_grasp;

/*
 Gets a log line: its `FIXATE_LOG_` level, its text (UTF-8 with a NUL, gone when the function
 returns), and the `context` that was given with the function. Any thread may call it, several at a
 time; it must not end the thread or jump out.
 */
typedef void (*fixate_log_callback)(uint32_t level, const char *text, void *context);

/*
 One of the masks for a prompt.
 */
typedef struct {
    /*
     `sizeof(fixate_candidate)`.
     */
    uint32_t struct_size;
    /*
     Which of the model's masks it is; 0 is the single mask.
     */
    uint32_t index;
    /*
     The estimated intersection over union of the mask with the truth: the model's own, or what a closer look has made of it.
     */
    float predicted_iou;
    /*
     How little the mask depends on its threshold, 0 to 1.
     */
    float stability;
    /*
     Pixels of the mask.
     */
    uint64_t area_px;
    /*
     The box around it: left, top, width and height in pixels; all 0 if the mask is empty.
     */
    uint32_t box_px[4];
    /*
     Columns and rows of its logits.
     */
    uint32_t logits_size[2];
    /*
     In a session: intersection over union with the last answer's mask, moved to this frame; -1 if there was none.
     */
    float agreement;
    /*
     0.
     */
    uint32_t reserved;
} fixate_candidate;

/*
 A box in pixels: (x0, y0) at the top left, (x1, y1) at the bottom right.
 */
typedef struct {
    /*
     Left.
     */
    float x0_px;
    /*
     Top.
     */
    float y0_px;
    /*
     Right.
     */
    float x1_px;
    /*
     Bottom.
     */
    float y1_px;
} fixate_box;

/*
 Points, a box, low-resolution logits of an earlier answer, or any mix; at least one.
 */
typedef struct {
    /*
     `sizeof(fixate_prompt)`.
     */
    uint32_t struct_size;
    /*
     Not 0: `box` counts.
     */
    uint32_t has_box;
    /*
     A box around the thing.
     */
    fixate_box box;
    /*
     `point_count` points; may be NULL if there are none.
     */
    const fixate_point *points;
    /*
     At most `FIXATE_MAX_POINTS`.
     */
    size_t point_count;
    /*
     Logits `[mask_height, mask_width]`, row by row; NULL for none.
     */
    const float *mask;
    /*
     Columns of the logits, as the model gives them.
     */
    uint32_t mask_width;
    /*
     Rows of the logits.
     */
    uint32_t mask_height;
} fixate_prompt;

/*
 How a model is run.
 */
typedef struct {
    /*
     `sizeof(fixate_segmenter_options)`.
     */
    uint32_t struct_size;
    /*
     Threads that compute, the caller's included; 1 to 256.
     */
    uint32_t threads;
    /*
     A `FIXATE_PRECISION_` number: which of the bundle's encoders.
     */
    uint32_t precision;
    /*
     Not 0: half the memory for an image's products, at a cost of some thousandths in the logits.
     */
    uint32_t half_cache;
    /*
     A `FIXATE_DECODER_PRECISION_` number: in what the decoder computes most of its products for a prompt.
     */
    uint32_t decoder_precision;
} fixate_segmenter_options;

/*
 How a session runs.
 */
typedef struct {
    /*
     `sizeof(fixate_session_options)`.
     */
    uint32_t struct_size;
    /*
     Threads of the encoder, 1 to 256; answers come from one more.
     */
    uint32_t encoder_threads;
    /*
     A `FIXATE_PRECISION_` number: which of the bundle's encoders.
     */
    uint32_t precision;
    /*
     Not 0: half the memory for a keyframe's products, at a cost of some thousandths in the logits.
     */
    uint32_t half_cache;
    /*
     From a prompt's arrival to its answer, microseconds, unless it says otherwise.
     */
    int64_t budget_us;
    /*
     Prompts made of one fixation are at least so far apart, microseconds; 0 prompts with every gaze
     sample.
     */
    int64_t gaze_interval_us;
    /*
     What frames are expected to be, for the warm-up; pixels.
     */
    uint32_t expected_width_px;
    /*
     See `expected_width_px`.
     */
    uint32_t expected_height_px;
    /*
     Focal length of the camera, pixels; 0 if the intrinsics are not known.
     */
    double focal_x_px;
    /*
     See `focal_x_px`.
     */
    double focal_y_px;
    /*
     Principal point of the camera, pixels.
     */
    double centre_x_px;
    /*
     See `centre_x_px`.
     */
    double centre_y_px;
    /*
     Answers with masks that wait for a reader, 1 to 1024; of more, the oldest are dropped.
     */
    uint32_t answers_kept;
    /*
     By how much the encoder's thread gives way to all others: its nice value, 0 to 19.
     */
    uint32_t encoder_nice;
    /*
     The real-time priority that the system is asked for, for the threads that give answers, 1 to 97; 0 asks for
     none. Without the privilege for it nothing is lost but that answers may be late while processors are busy.
     */
    uint32_t real_time_priority;
    /*
     Encodes and decodes so often before the first frame, 0 to 1000.
     */
    uint32_t warm_up_runs;
    /*
     The processors that the encoder's thread may run on, bit by bit, the lowest for the first; 0 for all.
     */
    uint64_t encoder_processors;
    /*
     The same for the decoder's thread.
     */
    uint64_t decoder_processors;
    /*
     How long `fixate_session_stop` waits for threads, and then for lent frames, microseconds.
     */
    int64_t stop_within_us;
    /*
     Threads that hang, given up and replaced, at most at one time.
     */
    uint32_t most_given_up;
    /*
     Gaze samples below this confidence count as invalid, 0 to 1.
     */
    float gaze_least_confidence;
    /*
     The tracker's constant delay, taken off every sample's time, microseconds.
     */
    int64_t gaze_delay_us;
    /*
     Fixations shorter than this are none, microseconds.
     */
    int64_t gaze_shortest_fixation_us;
    /*
     A frame is encoded when the picture has moved by this share of its width since the keyframe ...
     */
    double keyframe_moved_share;
    /*
     ... or the keyframe is this old, microseconds.
     */
    int64_t keyframe_oldest_us;
    /*
     From the start of an encoding to that of the next at least, microseconds: spares heat and power.
     */
    int64_t keyframe_least_interval_us;
    /*
     An encoder that takes longer hangs, and is replaced; microseconds.
     */
    int64_t encoder_watchdog_us;
    /*
     A decoder that takes longer hangs, and is replaced; microseconds.
     */
    int64_t decoder_watchdog_us;
    /*
     Without a frame for so long, the camera has stalled: answers say so; microseconds.
     */
    int64_t camera_stall_us;
    /*
     Without a frame for so long, prompts get none; microseconds.
     */
    int64_t camera_lost_us;
    /*
     Answers whose keyframe is older, and not the newest, are neither moved nor held; microseconds.
     */
    int64_t oldest_mask_us;
    /*
     A `FIXATE_DECODER_PRECISION_` number: in what the decoder computes most of its products for a prompt.
     */
    uint32_t decoder_precision;
    /*
     0.
     */
    uint32_t reserved;
} fixate_session_options;

/*
 Quantiles of a distribution of times, milliseconds.
 */
typedef struct {
    /*
     Half of the times are at most this.
     */
    double p50_ms;
    /*
     99 of 100 times are at most this.
     */
    double p99_ms;
    /*
     999 of 1000 times are at most this.
     */
    double p999_ms;
    /*
     The longest.
     */
    double max_ms;
} fixate_quantiles;

/*
 What a session has done so far.
 */
typedef struct {
    /*
     `sizeof(fixate_stats)`.
     */
    uint32_t struct_size;
    /*
     0.
     */
    uint32_t reserved;
    /*
     Prompts taken, those made of gaze too.
     */
    uint64_t prompts;
    /*
     Answers given, the four kinds together.
     */
    uint64_t answers;
    /*
     Answers within their prompt's budget, counted from its push.
     */
    uint64_t in_time;
    /*
     Answers after it.
     */
    uint64_t missed;
    /*
     Most of those in a row.
     */
    uint64_t longest_miss_streak;
    /*
     Answers of each kind, by `FIXATE_ANSWER_` number.
     */
    uint64_t kinds[4];
    /*
     Answers that nobody took before newer ones came.
     */
    uint64_t answers_dropped;
    /*
     Frames pushed.
     */
    uint64_t frames_pushed;
    /*
     Of those, left out.
     */
    uint64_t frames_dropped;
    /*
     Frames encoded.
     */
    uint64_t keyframes;
    /*
     Prompts made of gaze samples.
     */
    uint64_t gaze_prompts;
    /*
     From the push of a prompt to its answer.
     */
    fixate_quantiles latency;
    /*
     From the capture of an answer's keyframe to the answer.
     */
    fixate_quantiles mask_age;
    /*
     What encodings took, their keyframes' preparation included.
     */
    fixate_quantiles encode;
    /*
     What decodings took, drawing included.
     */
    fixate_quantiles decode;
    /*
     Prompts refused.
     */
    uint64_t prompts_refused;
    /*
     Prompts that newer ones took the place of.
     */
    uint64_t superseded;
    /*
     Frames whose motion was known, refused by the engine.
     */
    uint64_t frames_refused;
    /*
     Times that the camera gave no frame for too long.
     */
    uint64_t camera_stalls;
    /*
     Encodings begun.
     */
    uint64_t encodes;
    /*
     Encodings that failed.
     */
    uint64_t encodes_failed;
    /*
     Encodings that did not come back in time.
     */
    uint64_t encoder_hangs;
    /*
     Encoders put in the place of others that hung.
     */
    uint64_t encoders_replaced;
    /*
     Decodings begun.
     */
    uint64_t decodes;
    /*
     Decodings that failed.
     */
    uint64_t decodes_failed;
    /*
     Decodings that came after their prompt's answer.
     */
    uint64_t decodes_late;
    /*
     Decodings that did not come back in time.
     */
    uint64_t decoder_hangs;
    /*
     Decoders put in the place of others that hung.
     */
    uint64_t decoders_replaced;
    /*
     Masks moved to a newer frame while the decoder was late.
     */
    uint64_t masks_moved;
    /*
     Frames that the encoder wanted, but for their blur.
     */
    uint64_t frames_blurry;
    /*
     Frames that waited for the encoder until a newer one came.
     */
    uint64_t frames_superseded;
    /*
     Frames that waited for the encoder for too long.
     */
    uint64_t frames_expired;
    /*
     Gaze samples taken, valid or not.
     */
    uint64_t gaze_samples;
    /*
     Gaze samples refused.
     */
    uint64_t gaze_refused;
    /*
     Gaze samples that said nothing: blinks, low confidence.
     */
    uint64_t gaze_invalid;
    /*
     Blinks.
     */
    uint64_t blinks;
    /*
     Saccades.
     */
    uint64_t saccades;
    /*
     Fixations; interrupted ones that went on count once.
     */
    uint64_t fixations;
    /*
     Samples of the gyroscope refused.
     */
    uint64_t imu_refused;
    /*
     Samples of the gyroscope that did not reach the estimation of motion.
     */
    uint64_t imu_dropped;
} fixate_stats;

/*
 Called once when a lent frame is not read any more, on any thread.
 */
typedef void (*fixate_release)(void *context);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The `FIXATE_ABI_VERSION` of the library that runs; compare it with the header's.
 */
uint32_t fixate_abi_version(void);

/*
 The version of the library that runs, such as "0.1.0": static, never freed.
 */
const char *fixate_version(void);

/*
 Writes initial values. `struct_size` is `sizeof(fixate_answer)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `answer` points to `struct_size` bytes.
 */
int32_t fixate_answer_init(fixate_answer *answer, uint32_t struct_size);

/*
 Writes initial values: the robot's coordinates are the camera's, sizes and focal lengths are 0 and must be
 given. `struct_size` is `sizeof(fixate_camera)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `camera` points to `struct_size` bytes.
 */
int32_t fixate_camera_init(fixate_camera *camera, uint32_t struct_size);

/*
 Where a point in the robot's coordinates (three numbers, metres) is seen: `point` gets a foreground point
 for a prompt, `depth_m`, if not NULL, how far the point is along the camera's axis. Does not wait.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_ARGUMENT` for a camera that cannot be, or
 `_PROMPT` for a point that is not finite, behind the camera or not on its picture.

 # Safety
 `camera` points to an initialised camera, `point_robot_m` to three numbers, `point` to a point, `depth_m` is
 NULL or points to a number.
 */
int32_t fixate_camera_project(const fixate_camera *camera,
                              const double *point_robot_m,
                              fixate_point *point,
                              double *depth_m);

/*
 Writes initial values: millimetres, no pixels. `struct_size` is `sizeof(fixate_depth)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `depth` points to `struct_size` bytes.
 */
int32_t fixate_depth_init(fixate_depth *depth, uint32_t struct_size);

/*
 Writes initial values: an RGB frame without pixels. `struct_size` is `sizeof(fixate_frame)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `frame` points to `struct_size` bytes.
 */
int32_t fixate_frame_init(fixate_frame *frame, uint32_t struct_size);

/*
 Writes initial values: a valid sample. `struct_size` is `sizeof(fixate_gaze)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `gaze` points to `struct_size` bytes.
 */
int32_t fixate_gaze_init(fixate_gaze *gaze, uint32_t struct_size);

/*
 Writes initial values: the first pixel. `struct_size` is `sizeof(fixate_grasp_point)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `point` points to `struct_size` bytes.
 */
int32_t fixate_grasp_point_init(fixate_grasp_point *point, uint32_t struct_size);

/*
 Writes initial values: nothing measured. `struct_size` is `sizeof(fixate_grasp)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `grasp` points to `struct_size` bytes.
 */
int32_t fixate_grasp_init(fixate_grasp *grasp, uint32_t struct_size);

/*
 Sends log lines up to `level` (a `FIXATE_LOG_` number) to `callback`, from now on and instead of the
 one before; NULL ends it. A line that is being logged may still reach the callback of before: keep
 its context until no call of this library runs.

 Returns `FIXATE_OK`, `FIXATE_ERROR_ARGUMENT` for an unknown level, or `FIXATE_ERROR_SYSTEM` if a
 Rust program around this library logs elsewhere already.

 # Safety
 Any thread may call `callback` with `context` until it is replaced.
 */
int32_t fixate_set_log_callback(fixate_log_callback callback, void *context, uint32_t level);

/*
 Writes initial values. `struct_size` is `sizeof(fixate_candidate)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `candidate` points to `struct_size` bytes.
 */
int32_t fixate_candidate_init(fixate_candidate *candidate, uint32_t struct_size);

/*
 Writes initial values: no points, no box, no mask. `struct_size` is `sizeof(fixate_prompt)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `prompt` points to `struct_size` bytes.
 */
int32_t fixate_prompt_init(fixate_prompt *prompt, uint32_t struct_size);

/*
 Writes initial values: one thread. `struct_size` is `sizeof(fixate_segmenter_options)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `options` points to `struct_size` bytes.
 */
int32_t fixate_segmenter_options_init(fixate_segmenter_options *options, uint32_t struct_size);

/*
 Loads the model of a bundle's folder (UTF-8; NULL for the model that is built into the library) and
 writes its handle to `segmenter`, to be freed with `fixate_segmenter_free`. `options` may be NULL.
 Takes a tenth of a second to some seconds.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_ARGUMENT`, `_MODEL` or `_SYSTEM`.

 # Safety
 `bundle` is NULL or a string with a NUL at its end, `options` is NULL or points to initialised
 options, `segmenter` points to a handle.
 */
int32_t fixate_segmenter_create(const char *bundle,
                                const fixate_segmenter_options *options,
                                fixate_segmenter **segmenter);

/*
 Frees a segmenter, after the calls that use it; NULL is nothing to free.

 Returns `FIXATE_OK`, or `FIXATE_ERROR_HANDLE` for one that was freed already.
 */
int32_t fixate_segmenter_free(fixate_segmenter *segmenter);

/*
 Encodes an image, which is read only during this call and takes as long as the encoder; what was answered
 on the image before is forgotten.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_FRAME`,
 `_REENTRANT` or `_MODEL`; after the last there is no image.

 # Safety
 `frame` points to an initialised frame whose planes are readable.
 */
int32_t fixate_segmenter_set_image(fixate_segmenter *segmenter, const fixate_frame *frame);

/*
 Decodes the answers to a prompt in pixels of the newest image; `count`, if not NULL, gets the number of candidates,
 best first. `multimask` is a `FIXATE_MULTIMASK_` number.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_PROMPT`,
 `_REENTRANT`, `_MODEL`, or `_NOTHING` if there is no image yet. The candidates of before stay unless
 it is `FIXATE_OK`.

 # Safety
 `prompt` points to an initialised prompt whose points and mask are readable; `count` is NULL or
 points to a `size_t`.
 */
int32_t fixate_segmenter_segment(fixate_segmenter *segmenter,
                                 const fixate_prompt *prompt,
                                 uint32_t multimask_output,
                                 size_t *count);

/*
 Looks closer at the candidates of the newest prompt. `frame` is the one that the image was set from, and is read
 only during this call. Masks at the image's size become finer where the thing is small in the image; for one click,
 small things that the image as a whole does not show well take the place of candidates that are unlikely or there
 twice, and their index is that of a mask of the look that found them. Edges of masks at the image's size move to
 where its colours change. The number of candidates stays, and so do the logits and stability of those that stay; for
 one click, the predicted IoU of each is then how far all looks agree with it. Takes as long as setting an image and
 asking, up to five times; once more on the same answer does nothing.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_FRAME`, `_REENTRANT`, `_MODEL`,
 or `_NOTHING` if nothing was asked of the image yet. The candidates of before stay unless it is `FIXATE_OK`.

 # Safety
 `frame` points to an initialised frame whose planes are readable.
 */
int32_t fixate_segmenter_look_closer(fixate_segmenter *segmenter,
                                     const fixate_frame *frame);

/*
 Writes what is known of the candidate of this position, best first.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_REENTRANT`, or `_NOTHING` if
 there is no such candidate.

 # Safety
 `candidate` points to an initialised candidate.
 */
int32_t fixate_segmenter_candidate(fixate_segmenter *segmenter, size_t position, fixate_candidate *candidate);

/*
 Writes a candidate's mask at the image's size: 255 inside and 0 outside, rows `stride_bytes` apart,
 into the `size_bytes` of `bitmap`. What lies between the rows is left alone.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_ARGUMENT`, `_BUFFER`, `_REENTRANT`, or
 `_NOTHING` if there is no such candidate.

 # Safety
 `bitmap` has room for `size_bytes`.
 */
int32_t fixate_segmenter_bitmap(fixate_segmenter *segmenter,
                                size_t position,
                                uint8_t *bitmap,
                                size_t stride_bytes,
                                size_t size_bytes);

/*
 Writes a candidate's mask as the compressed run lengths of COCO (columns first), with a NUL at the
 end. `length`, if not NULL, gets the bytes of the text without the NUL, whether or not it fits.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_BUFFER`, `_REENTRANT`, or `_NOTHING` if there is
 no such candidate.

 # Safety
 `text` has room for `capacity` bytes; `length` is NULL or points to a `size_t`.
 */
int32_t fixate_segmenter_rle(fixate_segmenter *segmenter,
                             size_t position,
                             char *text,
                             size_t capacity,
                             size_t *length);

/*
 Writes a candidate's low-resolution logits, row by row; `fixate_candidate.logits_size` says how many.
 They are the mask of a prompt that refines this answer.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_BUFFER`, `_REENTRANT`, or `_NOTHING` if there is
 no such candidate.

 # Safety
 `logits` has room for `capacity` numbers.
 */
int32_t fixate_segmenter_logits(fixate_segmenter *segmenter, size_t position, float *logits, size_t capacity);

/*
 Measures a candidate's mask; else as `fixate_session_measure`, with depth of the image's size.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_REENTRANT`, `_FRAME`, `_ARGUMENT`, or
 `_NOTHING` if there is no such candidate or its mask is empty.

 # Safety
 `depth` and `camera` are NULL or point to initialised structs; the depth image's data is readable; `grasp` points
 to an initialised struct.
 */
int32_t fixate_segmenter_measure(fixate_segmenter *segmenter,
                                 size_t position,
                                 const fixate_depth *depth,
                                 const fixate_camera *camera,
                                 fixate_grasp *grasp);

/*
 Microseconds of the clock that frames, gaze and inertial samples are stamped with: on Linux
 `CLOCK_MONOTONIC`.
 */
int64_t fixate_now_us(void);

/*
 Loads the model of a bundle's folder (UTF-8; NULL for the model that is built into the library), warms
 it up, starts the threads and writes the handle to `session`, to be freed with `fixate_session_free`.
 `options` may be NULL. Takes some tenths of a second to some seconds.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_ARGUMENT`, `_MODEL` or `_SYSTEM`.

 # Safety
 `bundle` is NULL or a string with a NUL at its end, `options` is NULL or points to initialised
 options, `session` points to a handle.
 */
int32_t fixate_session_create(const char *bundle,
                              const fixate_session_options *options,
                              fixate_session **session);

/*
 Stops all threads of a session, and waits for them, and for the releases of lent frames, at most as long as
 its options say; `left`, if not NULL, gets how many threads did not end. From a release callback it does not wait
 for that callback. Whoever waits for an answer goes on with `FIXATE_ERROR_STOPPED`; answers that are
 there can still be taken. The second time it does nothing.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `_HANDLE`.

 # Safety
 `left` is NULL or points to a `size_t`.
 */
int32_t fixate_session_stop(fixate_session *session,
                            size_t *left);

/*
 Stops a session as `fixate_session_stop` does, and frees it after the calls that use it; NULL is nothing to free.
 May be called from a release callback.

 Returns `FIXATE_OK`, or `FIXATE_ERROR_HANDLE` for one that was freed already.
 */
int32_t fixate_session_free(fixate_session *session);

/*
 Writes what a session has done so far.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE` or `_HANDLE`.

 # Safety
 `stats` points to initialised statistics.
 */
int32_t fixate_session_stats(fixate_session *session, fixate_stats *stats);

/*
 Writes initial values: one encoder thread, a budget of 10 milliseconds, 1280x720, no intrinsics.
 `struct_size` is `sizeof(fixate_session_options)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `options` points to `struct_size` bytes.
 */
int32_t fixate_session_options_init(fixate_session_options *options, uint32_t struct_size);

/*
 Takes a frame whose capture time is later than that of the one before; `id`, if not NULL, gets its
 number. Never waits for other threads' work.

 Without `release` the pixels are copied. With it they are lent: nobody may write to them until `release` is
 called with `context`, once, when the frame's motion is known and the encoder has its input or does not want
 it. That is some milliseconds later, or as long as an encoding takes for a frame that waits for one;
 `fixate_session_stop` and `_free` give all frames back. It is called on a thread of the session that holds no
 lock and does nothing else, so that it may take its time and call any function; what it does delays other
 releases alone. If this returns anything but `FIXATE_OK`, nothing is lent, and `release` was called on this
 thread before it returned. 16 frames may be lent at a time; of more, `FIXATE_ERROR_SYSTEM`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_FRAME`, `_STOPPED` or
 `_SYSTEM`.

 # Safety
 `frame` points to an initialised frame whose planes are readable during the call, and with `release` until that
 is called; any thread may call `release` with `context`; `id` is NULL or points to a `uint64_t`.
 */
int32_t fixate_session_push_frame(fixate_session *session,
                                  const fixate_frame *frame,
                                  fixate_release release,
                                  void *context,
                                  uint64_t *id);

/*
 Takes a sample of an eye tracker, later than the one before. While the eyes rest on, or follow,
 something, it is a prompt; `prompt`, if not NULL, gets its number then, and 0 otherwise.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT` or `_STOPPED`.

 # Safety
 `gaze` points to an initialised sample; `prompt` is NULL or points to a `uint64_t`.
 */
int32_t fixate_session_push_gaze(fixate_session *session, const fixate_gaze *gaze, uint64_t *prompt);

/*
 Takes a sample of a gyroscope at the camera, later than the one before: `rate_rad_s` are three numbers,
 the angular velocity about the camera's axes (x right, y down, z forward).

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_ARGUMENT` or `_STOPPED`.

 # Safety
 `rate_rad_s` points to three numbers.
 */
int32_t fixate_session_push_imu(fixate_session *session, int64_t time_us, const double *rate_rad_s);

/*
 Takes a prompt of points, a box or both, in pixels of this frame, or of the newest if `frame` is 0; to be
 answered within `budget_us` microseconds, or the usual time if that is 0. `id`, if not NULL, gets its
 number.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_PROMPT` or `_STOPPED`.

 # Safety
 `prompt` points to an initialised prompt whose points are readable; `id` is NULL or points to a
 `uint64_t`.
 */
int32_t fixate_session_push_prompt(fixate_session *session,
                                   uint64_t frame,
                                   const fixate_prompt *prompt,
                                   int64_t budget_us,
                                   uint64_t *id);

/*
 Takes a point that a robot wants to reach, as a prompt: a pixel of this frame, or of the newest if `frame` is
 0, or a position in the robot's coordinates, which `camera` brings there; it may be NULL for pixels. The rest is
 as in `fixate_session_push_prompt`; `fixate_session_measure` then tells what a gripper asks of the answer.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_PROMPT` or `_STOPPED`.

 # Safety
 `point` points to an initialised point, `camera` is NULL or points to an initialised camera; `id` is NULL or
 points to a `uint64_t`.
 */
int32_t fixate_session_push_grasp(fixate_session *session,
                                  uint64_t frame,
                                  const fixate_grasp_point *point,
                                  const fixate_camera *camera,
                                  int64_t budget_us,
                                  uint64_t *id);

/*
 Wants the next good frame encoded, whatever the motion.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE` or `_STOPPED`.
 */
int32_t fixate_session_ask_keyframe(fixate_session *session);

/*
 Takes the oldest answer that nobody took, and with it its mask, which `fixate_session_bitmap`, `_rle`,
 `_logits`, `_candidate` and `_measure` then read. Waits for no answer, but for others who read.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_REENTRANT`, `_STOPPED`, or `_NOTHING` if
 there is no answer.

 # Safety
 `answer` points to an initialised answer.
 */
int32_t fixate_session_poll_answer(fixate_session *session,
                                   fixate_answer *answer);

/*
 The same, waiting for an answer at most `within_us` microseconds, or until the session stops.

 Returns as `fixate_session_poll_answer`.

 # Safety
 `answer` points to an initialised answer.
 */
int32_t fixate_session_wait_answer(fixate_session *session, uint64_t within_us, fixate_answer *answer);

/*
 Writes the mask of the newest answer taken, as large as its frame: 255 inside and 0 outside, rows
 `stride_bytes` apart, into the `size_bytes` of `bitmap`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_ARGUMENT`, `_BUFFER`, `_REENTRANT`, or `_NOTHING` if there
 is no mask.

 # Safety
 `bitmap` has room for `size_bytes`.
 */
int32_t fixate_session_bitmap(fixate_session *session,
                              uint8_t *bitmap,
                              size_t stride_bytes,
                              size_t size_bytes);

/*
 Writes the mask of the newest answer taken as the compressed run lengths of COCO, with a NUL at the end.
 `length`, if not NULL, gets the bytes of the text without the NUL, whether or not it fits.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_BUFFER`, `_REENTRANT`, or `_NOTHING` if there is no mask.

 # Safety
 `text` has room for `capacity` bytes; `length` is NULL or points to a `size_t`.
 */
int32_t fixate_session_rle(fixate_session *session,
                           char *text,
                           size_t capacity,
                           size_t *length);

/*
 Writes the low-resolution logits of the newest answer taken, row by row; `fixate_answer.logits_size` says
 how many.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_BUFFER`, `_REENTRANT`, or `_NOTHING` if there is no mask.

 # Safety
 `logits` has room for `capacity` numbers.
 */
int32_t fixate_session_logits(fixate_session *session,
                              float *logits,
                              size_t capacity);

/*
 Writes what is known of one of the masks that the newest answer taken was chosen from, in the model's order:
 `fixate_answer.candidate_count` says how many, `.shown` which one its mask is. Areas and boxes are of the
 keyframe, to the model's own resolution; the pixels of those that are not shown are not kept.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_REENTRANT`, or `_NOTHING` if there is no
 such candidate.

 # Safety
 `candidate` points to an initialised candidate.
 */
int32_t fixate_session_candidate(fixate_session *session,
                                 size_t position,
                                 fixate_candidate *candidate);

/*
 Measures the mask of the newest answer taken: its place, axes and width in the picture, and with a `depth` image
 of the answer's frame how far the thing is, and where in space. `depth` may be NULL; `camera` may be NULL then,
 too.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_REENTRANT`, `_FRAME` for a depth image that
 is none, `_ARGUMENT` for one of another size than the mask or a camera that cannot be, or `_NOTHING` if there is
 no mask or it is empty.

 # Safety
 `depth` and `camera` are NULL or point to initialised structs; the depth image's data is readable; `grasp` points
 to an initialised struct.
 */
int32_t fixate_session_measure(fixate_session *session,
                               const fixate_depth *depth,
                               const fixate_camera *camera,
                               fixate_grasp *grasp);

/*
 Writes initial values. `struct_size` is `sizeof(fixate_stats)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `stats` points to `struct_size` bytes.
 */
int32_t fixate_stats_init(fixate_stats *stats, uint32_t struct_size);

/*
 Copies the text behind this thread's newest error into `buffer`, as UTF-8 with a NUL at its end,
 cut off after `capacity` bytes. `length`, if not NULL, gets the bytes of the whole text without
 the NUL. `buffer` may be NULL if `capacity` is 0.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, or `FIXATE_ERROR_BUFFER` if the text was cut off; the
 newest error stays what it was.

 # Safety
 `buffer` has room for `capacity` bytes; `length` is NULL or points to a `size_t`.
 */
int32_t fixate_last_error(char *buffer, size_t capacity, size_t *length);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FIXATE_H */
