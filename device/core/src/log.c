#include "trendel_log.h"

#include <string.h>

#include "log_format.h"
#include "trendel_bytes.h"

#define TRIES 4u /* sectors that are tried before the flash is called broken */
#define VERIFY_BYTES 32u

static uint32_t address_of(const trendel_log_t *log, uint32_t sector_i) {
    return sector_i * log->flash->sector_bytes;
}

/* ---- mount ---- */

static bool read_sector_header(const trendel_log_t *log, uint32_t sector_i, sector_header_t *header) {
    return log->flash->read(log->flash->context, address_of(log, sector_i), header, sizeof *header) == 0 &&
           header->magic == SECTOR_MAGIC && header->version == TRENDEL_VERSION &&
           header->class_id < TRENDEL_LOG_CLASSES && header->sequence != 0u &&
           header->crc == trendel_crc32(0, header, SECTOR_CRC_BYTES);
}

static uint8_t kept_by(const sector_header_t *header) {
    if (header->marks[MARK_RELEASED] != ERASED)
        return TRENDEL_KEEP_NONE;
    return header->marks[MARK_ALERT] != ERASED      ? TRENDEL_KEEP_ALERT
           : header->marks[MARK_PERIODIC] != ERASED ? TRENDEL_KEEP_PERIODIC
                                                    : TRENDEL_KEEP_NONE;
}

/* The last good faults packet of a sector; false if it has none. */
static bool faults_of_sector(const trendel_log_t *log, uint32_t sector_i, uint8_t *packet, size_t *packet_n) {
    const trendel_flash_t *flash = log->flash;
    const uint32_t capacity = (uint32_t)sizeof(trendel_faults_header_t) + 4u * TRENDEL_FAULTS_MAX;
    uint32_t at = TRENDEL_LOG_SECTOR_HEADER;
    bool found = false;
    while (at + TRENDEL_LOG_ENTRY_HEADER <= flash->sector_bytes) {
        struct {
            entry_header_t header;
            uint8_t kind[4];
        } entry = {{0, 0, 0}, {0}};
        const uint32_t left = flash->sector_bytes - at;
        const uint32_t n = left < sizeof entry ? left : (uint32_t)sizeof entry;
        if (flash->read(flash->context, address_of(log, sector_i) + at, &entry, n) != 0 ||
            (entry.header.length ^ entry.header.length_not) != 0xffffu || entry.header.length == 0u ||
            entry.header.length > left - TRENDEL_LOG_ENTRY_HEADER)
            break;
        if (entry.kind[0] == TRENDEL_KIND_FAULTS && entry.header.length <= capacity) {
            uint8_t candidate[sizeof(trendel_faults_header_t) + 4u * TRENDEL_FAULTS_MAX];
            const uint32_t from = address_of(log, sector_i) + at + TRENDEL_LOG_ENTRY_HEADER;
            if (flash->read(flash->context, from, candidate, entry.header.length) == 0 &&
                trendel_crc32(trendel_crc32(0, &entry.header, 4), candidate, entry.header.length) ==
                    entry.header.crc) {
                memcpy(packet, candidate, entry.header.length);
                *packet_n = entry.header.length;
                found = true;
            }
        }
        at += TRENDEL_LOG_ENTRY_HEADER + padded(entry.header.length);
    }
    return found;
}

static void restore_faults(trendel_log_t *log) {
    uint32_t below = NONE;
    for (uint32_t scan = 0; scan < TRENDEL_LOG_MOUNT_SCAN; scan++) {
        uint32_t newest = NONE, sequence = 0;
        for (uint32_t i = 0; i < log->flash->sector_n; i++) {
            const trendel_log_sector_t *sector = &log->sectors[i];
            if (sector->class_id == TRENDEL_LOG_RECORDS && sector->sequence > sequence && sector->sequence < below) {
                sequence = sector->sequence;
                newest = i;
            }
        }
        if (newest == NONE)
            return;
        uint8_t packet[sizeof(trendel_faults_header_t) + 4u * TRENDEL_FAULTS_MAX];
        size_t n;
        if (faults_of_sector(log, newest, packet, &n) && trendel_faults_restore(log->faults, packet, n))
            return;
        below = sequence;
    }
}

int trendel_log_mount(trendel_log_t *log, const trendel_flash_t *flash, trendel_faults_t *faults,
                      uint32_t records_quota) {
    if (flash->sector_n < 4u || flash->sector_n > TRENDEL_LOG_SECTORS_MAX || records_quota == 0u ||
        records_quota > flash->sector_n - 2u || flash->sector_bytes % TRENDEL_FLASH_PAGE != 0u ||
        flash->sector_bytes < TRENDEL_STORED_MAX + TRENDEL_LOG_SECTOR_HEADER + TRENDEL_LOG_ENTRY_HEADER + 256u)
        return TRENDEL_LOG_FLASH;
    memset(log, 0, sizeof *log);
    log->flash = flash;
    log->faults = faults;
    log->quota[TRENDEL_LOG_RECORDS] = records_quota;
    log->quota[TRENDEL_LOG_RAW] = flash->sector_n - records_quota - 1u;
    log->kept_max = log->quota[TRENDEL_LOG_RAW] - (log->quota[TRENDEL_LOG_RAW] + 3u) / 4u;
    log->erased_i = log->open[TRENDEL_LOG_RECORDS].sector_i = log->open[TRENDEL_LOG_RAW].sector_i = NONE;
    uint32_t newest = 0;
    for (uint32_t i = 0; i < flash->sector_n; i++) {
        sector_header_t header;
        if (!read_sector_header(log, i, &header))
            continue;
        log->sectors[i].sequence = header.sequence;
        log->sectors[i].class_id = header.class_id;
        log->sectors[i].released = header.marks[MARK_RELEASED] != ERASED;
        log->sectors[i].keep = kept_by(&header);
        if (header.boot_n > log->boot_n)
            log->boot_n = header.boot_n;
        if (header.sequence > newest) {
            newest = header.sequence;
            log->next_sector_i = (i + 1u) % flash->sector_n;
        }
    }
    log->next_sequence = newest + 1u;
    log->boot_n++;
    faults->boot_n = log->boot_n;
    restore_faults(log);
    return TRENDEL_LOG_OK;
}

/* ---- erasing and opening sectors ---- */

/* Erase a sector whatever it holds; it is free then. How often it was erased goes to *erase_n. */
static bool erase(trendel_log_t *log, uint32_t sector_i, uint32_t *erase_n) {
    sector_header_t header;
    *erase_n = read_sector_header(log, sector_i, &header) && header.erase_n < UINT32_MAX ? header.erase_n + 1u : 1u;
    memset(&log->sectors[sector_i], 0, sizeof log->sectors[sector_i]);
    if (log->flash->erase(log->flash->context, address_of(log, sector_i)) == 0)
        return true;
    log->sectors[sector_i].bad = true;
    trendel_fault(log->faults, TRENDEL_FAULT_LOG_ERASE_ERRORS, 1);
    return false;
}

/* Program within one page and read it back. */
static bool program(trendel_log_t *log, uint32_t address, const uint8_t *from, uint32_t n) {
    const trendel_flash_t *flash = log->flash;
    bool good = flash->program(flash->context, address, from, n) == 0;
    for (uint32_t at = 0; good && at < n; at += VERIFY_BYTES) {
        uint8_t back[VERIFY_BYTES];
        const uint32_t piece = n - at < VERIFY_BYTES ? n - at : VERIFY_BYTES;
        good = flash->read(flash->context, address + at, back, piece) == 0 && memcmp(back, from + at, piece) == 0;
    }
    if (!good)
        trendel_fault(log->faults, TRENDEL_FAULT_LOG_PROGRAM_ERRORS, 1);
    return good;
}

static bool mark(trendel_log_t *log, uint32_t sector_i, uint32_t which) {
    static const uint8_t set[4] = {0, 0, 0, 0};
    const uint32_t at = (uint32_t)offsetof(sector_header_t, marks) + 4u * which;
    return program(log, address_of(log, sector_i) + at, set, sizeof set);
}

static bool write_entry(trendel_log_t *log, trendel_log_open_t *open, const uint8_t *packet, uint32_t n) {
    entry_header_t header = {(uint16_t)n, (uint16_t)~n, 0};
    header.crc = trendel_crc32(trendel_crc32(0, &header, 4), packet, n);
    uint8_t head[sizeof header], page[TRENDEL_FLASH_PAGE];
    memcpy(head, &header, sizeof head);
    const uint32_t total = TRENDEL_LOG_ENTRY_HEADER + padded(n);
    uint32_t done = 0;
    while (done < total) {
        const uint32_t address = address_of(log, open->sector_i) + open->offset + done;
        const uint32_t room = TRENDEL_FLASH_PAGE - address % TRENDEL_FLASH_PAGE;
        const uint32_t piece = total - done < room ? total - done : room;
        for (uint32_t i = 0; i < piece; i++) {
            const uint32_t at = done + i;
            page[i] = at < sizeof head ? head[at] : at - sizeof head < n ? packet[at - sizeof head] : 0xffu;
        }
        if (!program(log, address, page, piece))
            return false;
        done += piece;
    }
    open->offset += total;
    return true;
}

/* A new sector for a class. Records start with the fault counters, so that mounting finds them soon. */
static bool open_sector(trendel_log_t *log, uint32_t class_id) {
    trendel_log_open_t *open = &log->open[class_id];
    open->sector_i = NONE;
    uint32_t i = log->erased_i, erase_n = log->erased_n;
    log->erased_i = NONE;
    if (i == NONE) {
        i = log_pick(log, class_id);
        if (i == NONE || !erase(log, i, &erase_n))
            return false;
    }
    log->next_sector_i = (i + 1u) % log->flash->sector_n;
    sector_header_t header = {SECTOR_MAGIC, TRENDEL_VERSION, (uint8_t)class_id, log->next_sequence, erase_n,
                              log->boot_n,  0,               {ERASED, ERASED, ERASED}};
    header.crc = trendel_crc32(0, &header, SECTOR_CRC_BYTES);
    if (!program(log, address_of(log, i), (const uint8_t *)&header, SECTOR_WRITTEN_BYTES)) {
        log->sectors[i].bad = true;
        return false;
    }
    trendel_log_sector_t *sector = &log->sectors[i];
    sector->sequence = log->next_sequence++;
    sector->class_id = (uint8_t)class_id;
    open->sector_i = i;
    open->offset = TRENDEL_LOG_SECTOR_HEADER;
    if (class_id == TRENDEL_LOG_RECORDS) {
        uint8_t packet[TRENDEL_FAULTS_PACKET_MAX];
        log->faults->changed = false;
        if (!write_entry(log, open, packet, (uint32_t)trendel_faults_packet(log->faults, 0, packet)))
            open->sector_i = NONE;
        return open->sector_i != NONE;
    }
    if (log->keep != TRENDEL_KEEP_NONE && mark(log, i, log->keep - 1u))
        sector->keep = log->keep;
    return true;
}

/* ---- what the rest of the core calls ---- */

uint32_t trendel_log_room(const trendel_log_t *log, uint32_t class_id) {
    const trendel_log_open_t *open = &log->open[class_id];
    if (open->sector_i == NONE || open->offset + TRENDEL_LOG_ENTRY_HEADER >= log->flash->sector_bytes)
        return 0;
    return log->flash->sector_bytes - open->offset - TRENDEL_LOG_ENTRY_HEADER;
}

int trendel_log_append(trendel_log_t *log, uint32_t class_id, const void *packet, size_t n) {
    if (n == 0u || n > TRENDEL_STORED_MAX)
        return TRENDEL_LOG_TOO_LONG;
    for (uint32_t attempt = 0; attempt < TRIES; attempt++) {
        if (trendel_log_room(log, class_id) < padded((uint32_t)n) && !open_sector(log, class_id))
            continue;
        if (write_entry(log, &log->open[class_id], packet, (uint32_t)n))
            return TRENDEL_LOG_OK;
        trendel_log_close(log, class_id); /* what is in it stays; no more goes there */
    }
    trendel_fault(log->faults, TRENDEL_FAULT_LOG_ENTRIES_DROPPED, 1);
    return TRENDEL_LOG_FLASH;
}

void trendel_log_close(trendel_log_t *log, uint32_t class_id) {
    log->open[class_id].sector_i = NONE;
}

int trendel_log_prepare(trendel_log_t *log) {
    for (uint32_t class_id = TRENDEL_LOG_CLASSES; class_id-- > 0u && log->erased_i == NONE;) {
        const bool open = log->open[class_id].sector_i != NONE;
        if (open && trendel_log_room(log, class_id) > log->flash->sector_bytes / 2u)
            continue;
        const uint32_t i = open ? log_pick(log, class_id) : NONE;
        if (i == NONE)
            continue;
        if (!erase(log, i, &log->erased_n))
            return TRENDEL_LOG_FLASH;
        log->erased_i = i;
    }
    return TRENDEL_LOG_OK;
}

int trendel_log_keep(trendel_log_t *log, uint32_t from_sequence, uint8_t keep) {
    bool good = true;
    if (keep != TRENDEL_KEEP_PERIODIC && keep != TRENDEL_KEEP_ALERT)
        return TRENDEL_LOG_OK;
    if (keep > log->keep)
        log->keep = keep;
    for (uint32_t i = 0; i < log->flash->sector_n; i++) {
        trendel_log_sector_t *sector = &log->sectors[i];
        if (sector->sequence == 0u || sector->class_id != TRENDEL_LOG_RAW || sector->sequence < from_sequence ||
            sector->keep >= keep || sector->released)
            continue;
        if (mark(log, i, keep - 1u))
            sector->keep = keep;
        else
            good = false;
    }
    return good ? TRENDEL_LOG_OK : TRENDEL_LOG_FLASH;
}

void trendel_log_keep_end(trendel_log_t *log) {
    log->keep = TRENDEL_KEEP_NONE;
}

int trendel_log_release(trendel_log_t *log, uint32_t through_sequence) {
    bool good = true;
    for (uint32_t i = 0; i < log->flash->sector_n; i++) {
        trendel_log_sector_t *sector = &log->sectors[i];
        if (sector->sequence == 0u || sector->sequence > through_sequence || sector->released ||
            sector->keep == TRENDEL_KEEP_NONE || log_is_open(log, i))
            continue;
        if (mark(log, i, MARK_RELEASED)) {
            sector->released = true;
            sector->keep = TRENDEL_KEEP_NONE;
        } else {
            good = false;
        }
    }
    return good ? TRENDEL_LOG_OK : TRENDEL_LOG_FLASH;
}

uint32_t trendel_log_position(const trendel_log_t *log, uint32_t class_id) {
    const uint32_t i = log->open[class_id].sector_i;
    return i == NONE ? log->next_sequence : log->sectors[i].sequence;
}

uint32_t trendel_log_used(const trendel_log_t *log) {
    return log_held_by(log, TRENDEL_LOG_RECORDS) + log_held_by(log, TRENDEL_LOG_RAW);
}

int trendel_log_erase_all(trendel_log_t *log) {
    bool good = true;
    log->erased_i = log->open[TRENDEL_LOG_RECORDS].sector_i = log->open[TRENDEL_LOG_RAW].sector_i = NONE;
    for (uint32_t i = 0; i < log->flash->sector_n; i++) {
        uint32_t erase_n;
        good = erase(log, i, &erase_n) && good;
    }
    return good ? TRENDEL_LOG_OK : TRENDEL_LOG_FLASH;
}
