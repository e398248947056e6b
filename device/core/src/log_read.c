#include <string.h>

#include "log_format.h"
#include "trendel_bytes.h"
#include "trendel_log.h"

/* The sector of a class with the least sequence that is not below `sequence`; NONE at the end. */
static uint32_t sector_from(const trendel_log_t *log, uint32_t class_id, uint32_t sequence) {
    uint32_t best = NONE;
    for (uint32_t i = 0; i < log->flash->sector_n; i++) {
        const uint32_t held = log->sectors[i].sequence;
        if (held != 0u && log->sectors[i].class_id == class_id && held >= sequence && (best == NONE || held < log->sectors[best].sequence))
            best = i;
    }
    return best;
}

/* Where the entries of a sector end: at the next one to be written if it is open. */
static uint32_t end_of(const trendel_log_t *log, uint32_t sector_i) {
    const trendel_log_open_t *open = &log->open[log->sectors[sector_i].class_id];
    return open->sector_i == sector_i ? open->offset : log->flash->sector_bytes;
}

/* The entry at an offset of a sector: its bytes if it is good, 0 if it is damaged; *next: where the one after it is,
 * NONE if there is none that could be found. */
static uint32_t read_entry(const trendel_log_t *log, uint32_t sector_i, uint32_t offset, uint32_t *next,
                           uint32_t *damaged_n, uint8_t *out) {
    const trendel_flash_t *flash = log->flash;
    const uint32_t end = end_of(log, sector_i), address = sector_i * flash->sector_bytes + offset;
    entry_header_t header;
    *next = NONE;
    if (offset + TRENDEL_LOG_ENTRY_HEADER >= end || flash->read(flash->context, address, &header, sizeof header) != 0)
        return 0;
    if (header.length == 0xffffu && header.length_not == 0xffffu)
        return 0; /* erased: nothing was written here */
    const uint32_t left = end - offset - TRENDEL_LOG_ENTRY_HEADER;
    if ((header.length ^ header.length_not) != 0xffffu || header.length == 0u || header.length > TRENDEL_STORED_MAX ||
        header.length > left) {
        (*damaged_n)++;
        return 0;
    }
    *next = offset + TRENDEL_LOG_ENTRY_HEADER + padded(header.length);
    if (flash->read(flash->context, address + TRENDEL_LOG_ENTRY_HEADER, out, header.length) == 0 &&
        trendel_crc32(trendel_crc32(0, &header, 4), out, header.length) == header.crc)
        return header.length;
    (*damaged_n)++;
    return 0;
}

size_t trendel_log_next(const trendel_log_t *log, trendel_log_reader_t *reader, uint8_t *out) {
    for (;;) {
        const uint32_t sector_i = sector_from(log, reader->class_id, reader->sequence);
        if (sector_i == NONE)
            return 0;
        if (reader->offset == 0u || log->sectors[sector_i].sequence != reader->sequence) {
            reader->sequence = log->sectors[sector_i].sequence;
            reader->offset = TRENDEL_LOG_SECTOR_HEADER;
        }
        while (reader->offset != NONE) {
            uint32_t next;
            const uint32_t n = read_entry(log, sector_i, reader->offset, &next, &reader->damaged_n, out);
            /* the end of a sector that is still open is where the reader waits */
            if (next == NONE && end_of(log, sector_i) != log->flash->sector_bytes)
                return 0;
            reader->offset = next;
            if (n > 0u)
                return n;
        }
        reader->sequence++;
        reader->offset = 0;
    }
}
