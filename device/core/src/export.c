#include "trendel_export.h"

#include <string.h>

void trendel_export_start(trendel_export_t *export) {
    memset(export, 0, sizeof *export);
    for (uint32_t class_id = 0; class_id < TRENDEL_LOG_CLASSES; class_id++)
        export->readers[class_id].class_id = class_id;
}

/* Frame the next entry; false at the end of the log. */
static bool next_frame(trendel_export_t *export, const trendel_log_t *log) {
    while (export->class_id < TRENDEL_LOG_CLASSES) {
        const size_t n = trendel_log_next(log, &export->readers[export->class_id], export->packet);
        if (n > 0u) {
            export->n = trendel_frame(export->packet, n, export->frame, sizeof export->frame);
            export->at = 0;
            return export->n > 0u;
        }
        if (export->class_id + 1u == TRENDEL_LOG_CLASSES)
            return false;
        export->class_id++;
    }
    return false;
}

size_t trendel_export_read(trendel_export_t *export, const trendel_log_t *log, uint8_t *out, size_t n) {
    size_t done = 0;
    while (done < n) {
        if (export->at == export->n && !next_frame(export, log))
            break;
        const size_t left = export->n - export->at, piece = left < n - done ? left : n - done;
        memcpy(out + done, export->frame + export->at, piece);
        export->at += piece;
        done += piece;
    }
    return done;
}

uint32_t trendel_export_through(const trendel_export_t *export) {
    const uint32_t sequence = export->readers[TRENDEL_LOG_RAW].sequence;
    return sequence > 0u ? sequence - 1u : 0u; /* the sector being read may still get more */
}
