#include "trendel_recorder.h"

#include <string.h>

#include "trendel_bytes.h"
#include "trendel_pack.h"

static int worse(int a, int b) {
    return a != TRENDEL_LOG_OK ? a : b;
}

int trendel_recorder_start(trendel_recorder_t *rec, trendel_log_t *log, const trendel_hello_t *hello) {
    memset(rec, 0, sizeof *rec);
    rec->log = log;
    return trendel_recorder_hello(rec, hello);
}

int trendel_recorder_hello(trendel_recorder_t *rec, const trendel_hello_t *hello) {
    trendel_log_t *log = rec->log;
    int result = trendel_log_append(log, TRENDEL_LOG_RECORDS, hello, sizeof *hello);
    for (uint32_t i = 0; i < TRENDEL_LAYOUT_PACKETS_N; i++) {
        const size_t n = trendel_layout_packet(i, log->boot_n, rec->buffer);
        result = worse(result, trendel_log_append(log, TRENDEL_LOG_RECORDS, rec->buffer, n));
    }
    return result;
}

/* ---- raw ---- */

/* Of the blocks that wait, how many from the first follow each other. */
static uint32_t run_of_pending(const trendel_recorder_t *rec) {
    uint32_t n = rec->pending_n > 0u ? 1u : 0u;
    while (n < rec->pending_n && trendel_pack_follows(&rec->pending[n - 1u], &rec->pending[n]))
        n++;
    return n;
}

/* Pack as many of the first n blocks as fit in `room` bytes, by what blocks took before: packing is what the log costs,
 * and each try is one. The bytes, and *taken blocks; 0 if not one fits. */
static size_t pack_into(trendel_recorder_t *rec, uint32_t n, size_t room, uint32_t *taken) {
    const size_t head = sizeof(trendel_imu_packed_header_t);
    const uint32_t each = rec->block_bytes + rec->block_bytes / 16u; /* they differ by so much */
    uint32_t take = n;
    if (each > 0u && room > head && (room - head) / each < n)
        take = (uint32_t)((room - head) / each);
    for (take = take > 0u ? take : 1u; take > 0u; take = take > 8u ? take * 7u / 8u : take - 1u) {
        const size_t bytes = trendel_pack(rec->pending, take, rec->buffer, room);
        if (bytes > 0u) {
            rec->block_bytes = (uint32_t)((bytes - head + take - 1u) / take);
            *taken = take;
            return bytes;
        }
    }
    *taken = 0;
    return 0;
}

/* Commit the blocks that wait: all, or so many that there is room for the next one. */
static int store_pending(trendel_recorder_t *rec, bool all) {
    int result = TRENDEL_LOG_OK;
    while (rec->pending_n >= (all ? 1u : TRENDEL_PACKED_BLOCKS_MAX)) {
        const uint32_t n = run_of_pending(rec), room = trendel_log_room(rec->log, TRENDEL_LOG_RAW) & ~3u;
        uint32_t taken = 0;
        size_t bytes = 0;
        if (room > TRENDEL_RECORDER_ROOM)
            bytes = pack_into(rec, n, room < TRENDEL_STORED_MAX ? room : TRENDEL_STORED_MAX, &taken);
        if (bytes == 0u) { /* the rest of the sector is not worth it */
            trendel_log_close(rec->log, TRENDEL_LOG_RAW);
            bytes = pack_into(rec, n, TRENDEL_STORED_MAX, &taken);
        }
        if (bytes > 0u)
            result = worse(result, trendel_log_append(rec->log, TRENDEL_LOG_RAW, rec->buffer, bytes));
        else
            taken = n; /* cannot be: a single block always fits */
        rec->pending_n -= taken;
        memmove(rec->pending, rec->pending + taken, rec->pending_n * sizeof rec->pending[0]);
    }
    return result;
}

int trendel_recorder_block(trendel_recorder_t *rec, const trendel_imu_block_t *block) {
    rec->pending[rec->pending_n++] = *block;
    return rec->pending_n == TRENDEL_PACKED_BLOCKS_MAX ? store_pending(rec, false) : TRENDEL_LOG_OK;
}

/* ---- records ---- */

static int store_records(trendel_recorder_t *rec, uint8_t kind, uint32_t sequence, const void *records, uint32_t size,
                         uint32_t n) {
    const size_t bytes = trendel_records_packet(kind, rec->log->boot_n, sequence, records, size, n, rec->buffer,
                                                sizeof rec->buffer);
    return trendel_log_append(rec->log, TRENDEL_LOG_RECORDS, rec->buffer, bytes);
}

static int store_strides(trendel_recorder_t *rec) {
    int result = TRENDEL_LOG_OK;
    uint32_t done = 0;
    while (done < rec->stride_n) {
        /* as many as the sector still takes: batches fill it to the end */
        const uint32_t room = trendel_log_room(rec->log, TRENDEL_LOG_RECORDS);
        const uint32_t head = (uint32_t)sizeof(trendel_records_header_t), size = (uint32_t)sizeof rec->strides[0];
        const uint32_t fits = room > head ? (room - head) / size : 0u, left = rec->stride_n - done;
        const uint32_t n = fits > 0u && fits < left ? fits : left;
        result = worse(result, store_records(rec, TRENDEL_KIND_STRIDE, rec->stride_sequence + done,
                                             &rec->strides[done], size, n));
        done += n;
    }
    rec->stride_sequence += rec->stride_n;
    rec->stride_n = 0;
    return result;
}

int trendel_recorder_stride(trendel_recorder_t *rec, const trendel_stride_t *stride) {
    rec->strides[rec->stride_n++] = *stride;
    return rec->stride_n == TRENDEL_RECORDER_STRIDES ? store_strides(rec) : TRENDEL_LOG_OK;
}

/* ---- what is kept ---- */

static void keep(trendel_recorder_t *rec, uint32_t from_sequence, uint8_t why, uint64_t until_us) {
    (void)trendel_log_keep(rec->log, from_sequence, why); /* a mark that failed is counted by the log */
    rec->keeping = true;
    if (until_us > rec->keep_until_us)
        rec->keep_until_us = until_us;
}

/* Raw from the newest checkpoint that is old enough, or from the oldest known. */
static void keep_alert(trendel_recorder_t *rec, uint64_t now_us) {
    uint32_t from = trendel_log_position(rec->log, TRENDEL_LOG_RAW);
    for (uint32_t i = 0; i < rec->checkpoint_n; i++) {
        from = rec->checkpoints[i].sequence;
        if (rec->checkpoints[i].time_us + TRENDEL_ALERT_BEFORE_US <= now_us)
            break;
    }
    keep(rec, from, TRENDEL_KEEP_ALERT, now_us + TRENDEL_ALERT_AFTER_US);
}

int trendel_recorder_event(trendel_recorder_t *rec, const trendel_event_t *event, uint64_t now_us) {
    int result = store_strides(rec);
    result = worse(result, store_records(rec, TRENDEL_KIND_EVENT, rec->event_sequence++, event, sizeof *event, 1));
    if (event->code == TRENDEL_EVENT_ALERT_START && !rec->host_near)
        keep_alert(rec, now_us);
    return result;
}

int trendel_recorder_checkpoint(trendel_recorder_t *rec, const void *state, uint32_t state_n, uint32_t sample_i,
                                uint32_t layout_hash, uint32_t param_hash, uint64_t now_us) {
    int result = store_pending(rec, true);
    trendel_checkpoint_header_t header = {.kind = TRENDEL_KIND_CHECKPOINT,
                                          .version = TRENDEL_VERSION,
                                          .boot = (uint16_t)rec->log->boot_n,
                                          .sample_i = sample_i,
                                          .layout_hash = layout_hash,
                                          .param_hash = param_hash,
                                          .state_crc = trendel_crc32(0, state, state_n),
                                          .state_n = state_n};
    const uint32_t sequence = trendel_log_position(rec->log, TRENDEL_LOG_RAW);
    for (uint32_t at = 0; at < state_n; at += TRENDEL_CHECKPOINT_PART) {
        const uint32_t n = state_n - at < TRENDEL_CHECKPOINT_PART ? state_n - at : TRENDEL_CHECKPOINT_PART;
        header.offset = at;
        memcpy(rec->buffer, &header, sizeof header);
        memcpy(rec->buffer + sizeof header, (const uint8_t *)state + at, n);
        result = worse(result, trendel_log_append(rec->log, TRENDEL_LOG_RAW, rec->buffer, sizeof header + n));
    }
    memmove(rec->checkpoints + 1, rec->checkpoints,
            (TRENDEL_CHECKPOINTS_KNOWN - 1u) * sizeof rec->checkpoints[0]);
    rec->checkpoints[0].time_us = now_us;
    rec->checkpoints[0].sequence = sequence;
    if (rec->checkpoint_n < TRENDEL_CHECKPOINTS_KNOWN)
        rec->checkpoint_n++;
    rec->checkpoint_due_us = now_us + TRENDEL_CHECKPOINT_EVERY_US;
    if (!rec->host_near && rec->running && now_us >= rec->periodic_due_us) {
        keep(rec, sequence, TRENDEL_KEEP_PERIODIC, now_us + TRENDEL_PERIODIC_LONG_US);
        rec->periodic_due_us = now_us + TRENDEL_PERIODIC_EVERY_US;
    }
    return result;
}

bool trendel_recorder_tick(trendel_recorder_t *rec, uint64_t now_us, bool running, bool host_near) {
    rec->running = running;
    rec->host_near = host_near;
    if (rec->keeping && now_us >= rec->keep_until_us) {
        (void)store_pending(rec, true); /* the end of what is kept is kept too */
        trendel_log_keep_end(rec->log);
        rec->keeping = false;
    }
    if (rec->log->faults->changed) {
        const size_t n = trendel_faults_packet(rec->log->faults, now_us, rec->buffer);
        rec->log->faults->changed = false;
        (void)trendel_log_append(rec->log, TRENDEL_LOG_RECORDS, rec->buffer, n);
    }
    return running && !host_near && now_us >= rec->checkpoint_due_us;
}

int trendel_recorder_flush(trendel_recorder_t *rec) {
    return worse(store_pending(rec, true), store_strides(rec));
}
