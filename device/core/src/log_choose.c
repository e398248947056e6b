/* Which sector is used, or given up, next. */
#include "log_format.h"
#include "trendel_log.h"

bool log_is_open(const trendel_log_t *log, uint32_t sector_i) {
    return log->open[TRENDEL_LOG_RECORDS].sector_i == sector_i || log->open[TRENDEL_LOG_RAW].sector_i == sector_i;
}

uint32_t log_held_by(const trendel_log_t *log, uint32_t class_id) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < log->flash->sector_n; i++)
        n += log->sectors[i].sequence != 0u && log->sectors[i].class_id == class_id;
    return n;
}

static uint32_t free_sector(const trendel_log_t *log) {
    for (uint32_t step = 0; step < log->flash->sector_n; step++) {
        const uint32_t i = (log->next_sector_i + step) % log->flash->sector_n;
        if (log->sectors[i].sequence == 0u && !log->sectors[i].bad)
            return i;
    }
    return NONE;
}

/* A window of periodic raw: sectors whose sequence numbers follow each other, but for those of records between them. */
typedef struct {
    uint32_t first, last, first_i;
} window_t;

#define SAME_WINDOW 2u /* difference of sequence numbers within one */

/* The periodic window after this sequence number; false if there is none. */
static bool next_window(const trendel_log_t *log, uint32_t after, window_t *window) {
    bool found = false;
    for (;;) {
        uint32_t next_i = NONE;
        for (uint32_t i = 0; i < log->flash->sector_n; i++) {
            const trendel_log_sector_t *sector = &log->sectors[i];
            if (sector->sequence > after && sector->keep == TRENDEL_KEEP_PERIODIC &&
                (next_i == NONE || sector->sequence < log->sectors[next_i].sequence))
                next_i = i;
        }
        if (next_i == NONE || (found && log->sectors[next_i].sequence - after > SAME_WINDOW))
            return found;
        after = window->last = log->sectors[next_i].sequence;
        if (!found) {
            window->first = after;
            window->first_i = next_i;
        }
        found = true;
    }
}

/* The oldest sector of the window whose loss leaves the smallest hole, so that what stays is spread over the run. The
 * first window and the newest stay. NONE if there are no others. */
static uint32_t thinned(const trendel_log_t *log) {
    window_t before, window, after;
    uint32_t best = NONE, smallest = UINT32_MAX;
    if (!next_window(log, 0, &before) || !next_window(log, before.last, &window))
        return NONE;
    while (next_window(log, window.last, &after)) {
        const uint32_t hole = after.first - before.last;
        if (hole < smallest) {
            smallest = hole;
            best = window.first_i;
        }
        before = window;
        window = after;
    }
    return best;
}

/* The sector of a class that is given up first: least kept, then oldest. If too much is kept, a kept one: periodic
 * windows are thinned, then the oldest go. */
static uint32_t victim(const trendel_log_t *log, uint32_t class_id) {
    uint32_t best = NONE, kept = 0;
    for (uint32_t i = 0; i < log->flash->sector_n; i++)
        kept += log->sectors[i].sequence != 0u && log->sectors[i].keep != TRENDEL_KEEP_NONE;
    const bool crowded = class_id == TRENDEL_LOG_RAW && kept > log->kept_max;
    if (crowded) {
        best = thinned(log);
        if (best != NONE && !log_is_open(log, best) && !log->sectors[best].bad)
            return best;
        best = NONE;
    }
    for (uint32_t i = 0; i < log->flash->sector_n; i++) {
        const trendel_log_sector_t *sector = &log->sectors[i];
        if (sector->sequence == 0u || sector->class_id != class_id || sector->bad || log_is_open(log, i) ||
            (crowded && sector->keep == TRENDEL_KEEP_NONE))
            continue;
        if (best == NONE || sector->keep < log->sectors[best].keep ||
            (sector->keep == log->sectors[best].keep && sector->sequence < log->sectors[best].sequence))
            best = i;
    }
    return best;
}

uint32_t log_pick(const trendel_log_t *log, uint32_t class_id) {
    const uint32_t other = 1u - class_id;
    uint32_t i = NONE;
    if (log_held_by(log, class_id) < log->quota[class_id]) {
        i = free_sector(log);
        if (i == NONE && log_held_by(log, other) > log->quota[other])
            i = victim(log, other);
    }
    if (i == NONE)
        i = victim(log, class_id);
    return i != NONE ? i : free_sector(log);
}
