/* The clip's files for a host: the log byte for byte, what it holds, the fault counters. docs/settings.md */
#include <string.h>

#include "clip_parts.h"

static const char *const paths[TRENDEL_FILES_N] = {"/log/flash", "/log/sectors", "/faults"};

uint32_t trendel_clip_file(const char *path, size_t n) {
    for (uint32_t file = 0; file < TRENDEL_FILES_N; file++)
        if (strlen(paths[file]) == n && memcmp(paths[file], path, n) == 0)
            return file;
    return TRENDEL_FILES_N;
}

uint32_t trendel_clip_file_bytes(const trendel_clip_t *clip, uint32_t file) {
    const trendel_flash_t *flash = clip->world.flash;
    switch (file) {
    case TRENDEL_FILE_LOG_FLASH:
        return flash->sector_n * flash->sector_bytes;
    case TRENDEL_FILE_LOG_SECTORS:
        return (uint32_t)(sizeof(trendel_log_sectors_header_t) + flash->sector_n * sizeof(trendel_log_sector_row_t));
    case TRENDEL_FILE_FAULTS:
        return TRENDEL_FAULTS_PACKET_MAX;
    default:
        return 0;
    }
}

static void take_snapshot(trendel_clip_t *clip) {
    const trendel_log_t *log = &clip->log;
    (void)trendel_recorder_flush(&clip->recorder);
    trendel_log_sectors_header_t header = {.version = TRENDEL_VERSION,
                                           .sector_n = log->flash->sector_n,
                                           .sector_bytes = log->flash->sector_bytes,
                                           .boot_n = log->boot_n,
                                           .next_sequence = log->next_sequence};
    for (uint32_t i = 0; i < TRENDEL_LOG_CLASSES; i++) {
        header.open_sector_i[i] = log->open[i].sector_i;
        header.open_offset[i] = log->open[i].offset;
    }
    memcpy(clip->sectors, &header, sizeof header);
    for (uint32_t i = 0; i < log->flash->sector_n; i++) {
        const trendel_log_sector_t *sector = &log->sectors[i];
        const trendel_log_sector_row_t row = {.sequence = sector->sequence,
                                              .class_id = sector->class_id,
                                              .keep = sector->keep,
                                              .released = sector->released ? 1u : 0u,
                                              .bad = sector->bad ? 1u : 0u};
        memcpy(clip->sectors + sizeof header + i * sizeof row, &row, sizeof row);
    }
}

uint32_t trendel_clip_file_read(trendel_clip_t *clip, uint32_t file, uint32_t offset, uint8_t *into, uint32_t n,
                                uint64_t now_us) {
    const uint32_t whole = trendel_clip_file_bytes(clip, file);
    const trendel_flash_t *flash = clip->world.flash;
    uint8_t faults[TRENDEL_FAULTS_PACKET_MAX];
    clip->now_us = now_us;
    if (offset >= whole)
        return 0;
    n = n < whole - offset ? n : whole - offset;
    if (clip->sampling.state == TRENDEL_STATE_SYNC)
        clip_step(clip, TRENDEL_IN_SYNC, now_us);
    switch (file) {
    case TRENDEL_FILE_LOG_FLASH:
        return flash->read(flash->context, offset, into, n) == 0 ? n : 0u;
    case TRENDEL_FILE_LOG_SECTORS:
        if (offset == 0u)
            take_snapshot(clip);
        memcpy(into, clip->sectors + offset, n);
        return n;
    default:
        (void)trendel_faults_packet(&clip->faults, now_us, faults);
        memcpy(into, faults + offset, n);
        return n;
    }
}
