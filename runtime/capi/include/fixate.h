/* fixate: what a person looks at, or a robot reaches for, as a mask, by a deadline.
 *
 * Functions return FIXATE_OK or a negative FIXATE_ERROR_; fixate_last_error tells the text behind this thread's newest
 * one. On an error nothing was written but what a function says. Structs begin with their size: initialise each with
 * its _init, which takes sizeof of it, so that a newer library understands an older caller.
 * Any thread may call any function; calls on one segmenter wait for each other. Handles that were freed are told
 * apart from those that live. Made by cbindgen; change the Rust sources instead. */

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
 The bundle's first encoder in f32, else its first.
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
     The model's own estimate of the mask's intersection over union with the truth.
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
} fixate_segmenter_options;

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
 Writes initial values: an RGB frame without pixels. `struct_size` is `sizeof(fixate_frame)`.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.

 # Safety
 `frame` points to `struct_size` bytes.
 */
int32_t fixate_frame_init(fixate_frame *frame, uint32_t struct_size);

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
 Encodes an image, which is read only during this call; what was answered on the image before is
 forgotten.

 Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_FRAME`,
 `_REENTRANT` or `_MODEL`; after the last there is no image.

 # Safety
 `frame` points to an initialised frame whose planes are readable.
 */
int32_t fixate_segmenter_set_image(fixate_segmenter *segmenter, const fixate_frame *frame);

/*
 Answers a prompt in pixels of the newest image; `count`, if not NULL, gets the number of candidates,
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
