/* What goes to the log, and what is kept there: the policy of docs/log.md. No clock of its own: times come in. */
#ifndef TRENDEL_RECORDER_H
#define TRENDEL_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trendel_log.h"
#include "trendel_packet.h"

#define TRENDEL_RECORDER_STRIDES 30u              /* strides that wait at most before they are committed */
#define TRENDEL_CHECKPOINT_EVERY_US 30000000u     /* without a host */
#define TRENDEL_ALERT_BEFORE_US 30000000u         /* raw kept before an alert, without a host */
#define TRENDEL_ALERT_AFTER_US 30000000u          /* and after it */
#define TRENDEL_PERIODIC_EVERY_US 600000000u      /* every so often ... */
#define TRENDEL_PERIODIC_LONG_US 20000000u        /* ... so much raw is kept, without a host */
#define TRENDEL_CHECKPOINT_PART 1024u             /* bytes of a state in one packet */
#define TRENDEL_RECORDER_ROOM 256u                /* bytes at the end of a sector that raw is packed into */
#define TRENDEL_CHECKPOINTS_KNOWN 8u

typedef struct {
    uint64_t time_us;
    uint32_t sequence; /* of the sector that it starts in */
} trendel_checkpoint_mark_t;

typedef struct {
    trendel_log_t *log;
    trendel_imu_block_t pending[TRENDEL_PACKED_BLOCKS_MAX];
    uint32_t pending_n;
    uint32_t block_bytes; /* that a packed block took of late, 0: not known */
    trendel_stride_t strides[TRENDEL_RECORDER_STRIDES];
    uint32_t stride_n;        /* that wait */
    uint32_t stride_sequence; /* of the first that waits */
    uint32_t event_sequence;
    trendel_checkpoint_mark_t checkpoints[TRENDEL_CHECKPOINTS_KNOWN]; /* newest first */
    uint32_t checkpoint_n;
    uint64_t checkpoint_due_us, periodic_due_us, keep_until_us;
    bool host_near, running, keeping;
    uint8_t buffer[TRENDEL_STORED_MAX];
} trendel_recorder_t;

/* Begin a boot: commits hello (of this boot) and its layouts, so that the boot number is never given again. `log` is
 * mounted. Each function returns TRENDEL_LOG_OK or the log's error; what could not be written is counted and dropped. */
int trendel_recorder_start(trendel_recorder_t *rec, trendel_log_t *log, const trendel_hello_t *hello);

/* Hello and layouts once more: the clip has been set anew, or the log was erased. */
int trendel_recorder_hello(trendel_recorder_t *rec, const trendel_hello_t *hello);

/* A full block of raw samples; committed with those that follow it, at most TRENDEL_PACKED_BLOCKS_MAX later. */
int trendel_recorder_block(trendel_recorder_t *rec, const trendel_imu_block_t *block);

/* A stride; committed with others, at the latest when TRENDEL_RECORDER_STRIDES wait. */
int trendel_recorder_stride(trendel_recorder_t *rec, const trendel_stride_t *stride);

/* An event, committed at once together with all strides that wait. An alert_start keeps raw (see above). */
int trendel_recorder_event(trendel_recorder_t *rec, const trendel_event_t *event, uint64_t now_us);

/* A state of the kernels that has taken `sample_i` samples, all of which were given in blocks before. */
int trendel_recorder_checkpoint(trendel_recorder_t *rec, const void *state, uint32_t state_n, uint32_t sample_i,
                                uint32_t layout_hash, uint32_t param_hash, uint64_t now_us);

/* Call each second or so; true: a checkpoint is due at the next end of a block. */
bool trendel_recorder_tick(trendel_recorder_t *rec, uint64_t now_us, bool running, bool host_near);

/* Commit all that waits: before sleep, at low battery, when a host wants the log. */
int trendel_recorder_flush(trendel_recorder_t *rec);

#endif /* TRENDEL_RECORDER_H */
