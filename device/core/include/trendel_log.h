/* The clip's log: entries, each a packet, appended to sectors of NOR flash. docs/log.md says why it is as it is.
 *
 * An entry is committed when trendel_log_append has returned 0: from then on no loss of power loses it, until its
 * sector is recycled, oldest first within its class and marked ones last. */
#ifndef TRENDEL_LOG_H
#define TRENDEL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trendel_faults.h"
#include "trendel_flash.h"
#include "trendel_wire.h"

#ifndef TRENDEL_LOG_SECTORS_MAX
#define TRENDEL_LOG_SECTORS_MAX 512u
#endif

#define TRENDEL_LOG_SECTOR_HEADER 32u /* bytes at the start of a sector */
#define TRENDEL_LOG_ENTRY_HEADER 8u   /* bytes before each packet */

/* What an entry is, for the budget. */
enum {
    TRENDEL_LOG_RECORDS = 0, /* strides, events, hellos, faults: small and kept long */
    TRENDEL_LOG_RAW = 1,     /* packed IMU blocks and checkpoints */
    TRENDEL_LOG_CLASSES = 2
};

/* Why a raw sector is kept when newer ones need room, least important first. */
enum { TRENDEL_KEEP_NONE = 0, TRENDEL_KEEP_PERIODIC = 1, TRENDEL_KEEP_ALERT = 2 };

typedef enum {
    TRENDEL_LOG_OK = 0,
    TRENDEL_LOG_FLASH = -1,   /* the flash failed, also in another sector */
    TRENDEL_LOG_TOO_LONG = -2 /* no packet is that long */
} trendel_log_error_t;

typedef struct {
    uint32_t sequence; /* 0: not in use */
    uint8_t class_id, keep;
    bool released; /* the host has it */
    bool bad;      /* failed to erase or program since mount: left alone */
} trendel_log_sector_t;

typedef struct {
    uint32_t sector_i; /* UINT32_MAX: none is open */
    uint32_t offset;   /* of the next entry */
} trendel_log_open_t;

typedef struct {
    const trendel_flash_t *flash;
    trendel_faults_t *faults;
    trendel_log_sector_t sectors[TRENDEL_LOG_SECTORS_MAX];
    trendel_log_open_t open[TRENDEL_LOG_CLASSES];
    uint32_t quota[TRENDEL_LOG_CLASSES]; /* sectors that a class may hold */
    uint32_t next_sequence;              /* of the next sector that is opened */
    uint32_t next_sector_i;              /* where the search for a free one goes on */
    uint32_t erased_i;                   /* a free sector that is already erased, UINT32_MAX: none */
    uint32_t erased_n;                   /* how often it was */
    uint32_t boot_n;                     /* of this boot */
    uint32_t kept_max;                   /* raw sectors that may be kept; the rest holds the newest */
    uint8_t keep;                        /* for raw sectors that are opened from now on */
} trendel_log_t;

/* Find what is there. Bounded: each sector's header is read once, and at most TRENDEL_LOG_MOUNT_SCAN sectors of
 * records for the newest fault counters, which are added to `faults`. Sets boot_n of both to one more than any seen.
 * Nothing is written. `records_quota`: sectors that records may take; raw has the rest less one that is free. */
int trendel_log_mount(trendel_log_t *log, const trendel_flash_t *flash, trendel_faults_t *faults,
                      uint32_t records_quota);
#define TRENDEL_LOG_MOUNT_SCAN 8u

/* Commit a packet of n bytes (1 to TRENDEL_STORED_MAX). Erases a sector if trendel_log_prepare has not. */
int trendel_log_append(trendel_log_t *log, uint32_t class_id, const void *packet, size_t n);

/* Bytes of the largest packet that still fits the open sector of a class; a new one has as many as a fresh sector. */
uint32_t trendel_log_room(const trendel_log_t *log, uint32_t class_id);

/* Start the next entry of a class in a new sector. */
void trendel_log_close(trendel_log_t *log, uint32_t class_id);

/* Erase a sector ahead of need, where there is time for it. */
int trendel_log_prepare(trendel_log_t *log);

/* Keep raw sectors of this sequence or later, and those opened from now on, until trendel_log_keep_end. What a kept
 * sector is kept for is never lowered. */
int trendel_log_keep(trendel_log_t *log, uint32_t from_sequence, uint8_t keep);
void trendel_log_keep_end(trendel_log_t *log);

/* The host has all up to and including this sequence: they may be recycled like any other. */
int trendel_log_release(trendel_log_t *log, uint32_t through_sequence);

/* Sequence of the sector that the next entry of a class goes to if it fits. */
uint32_t trendel_log_position(const trendel_log_t *log, uint32_t class_id);

/* Sectors in use, of all classes. */
uint32_t trendel_log_used(const trendel_log_t *log);

/* Erase everything: new owner, or the runner's wish. The boot number goes on while power does. */
int trendel_log_erase_all(trendel_log_t *log);

/* Reading the entries of a class in the order in which they were written, also while more are. Start with all zero but
 * the class; a reader that has come to the end goes on when there is more. */
typedef struct {
    uint32_t class_id;
    uint32_t sequence;  /* of the sector being read, or the least to be read */
    uint32_t offset;    /* in it, 0: at its start */
    uint32_t damaged_n; /* entries that could not be read */
} trendel_log_reader_t;

/* The next good entry into out[TRENDEL_STORED_MAX]: its bytes, 0 at the end. What is damaged is counted and
 * skipped. */
size_t trendel_log_next(const trendel_log_t *log, trendel_log_reader_t *reader, uint8_t *out);

#endif /* TRENDEL_LOG_H */
