/* The log as a stream of bytes, for a host that reads it: each packet framed as over USB (COBS and CRC-32). */
#ifndef TRENDEL_EXPORT_H
#define TRENDEL_EXPORT_H

#include <stddef.h>
#include <stdint.h>

#include "trendel_bytes.h"
#include "trendel_log.h"

typedef struct {
    trendel_log_reader_t readers[TRENDEL_LOG_CLASSES];
    uint32_t class_id; /* being read: records first, for who and what comes before the raw */
    size_t at, n;      /* in the frame */
    uint8_t packet[TRENDEL_STORED_MAX];
    uint8_t frame[TRENDEL_FRAME_MAX];
} trendel_export_t;

void trendel_export_start(trendel_export_t *export);

/* The next bytes into out: fewer than n only at the end. The end may move while the log is being written. */
size_t trendel_export_read(trendel_export_t *export, const trendel_log_t *log, uint8_t *out, size_t n);

/* After a host has said that it has all that was read: what trendel_log_release is to be called with. */
uint32_t trendel_export_through(const trendel_export_t *export);

#endif /* TRENDEL_EXPORT_H */
