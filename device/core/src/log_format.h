/* What the files of the log share: the bytes of sectors and entries, and the choice of sectors. */
#ifndef TRENDEL_LOG_FORMAT_H
#define TRENDEL_LOG_FORMAT_H

#include <stdint.h>

#include "trendel_log.h"
#include "trendel_wire.h"

#define SECTOR_MAGIC 0x4c54u /* "TL" */
#define NONE UINT32_MAX
#define ERASED UINT32_MAX

enum { MARK_PERIODIC, MARK_ALERT, MARK_RELEASED, MARKS_N };

typedef struct {
    uint16_t magic;
    uint8_t version, class_id;
    uint32_t sequence; /* one more for each sector that is opened */
    uint32_t erase_n;  /* how often this sector was erased */
    uint32_t boot_n;   /* that opened it */
    uint32_t crc;      /* of the bytes before it */
    /* Set to 0 later; erased until then. A torn write reads as another number: set, which is harmless. */
    uint32_t marks[MARKS_N];
} sector_header_t;
TRENDEL_ASSERT(sizeof(sector_header_t) == 32, size_of_sector_header);
#define SECTOR_CRC_BYTES 16u
#define SECTOR_WRITTEN_BYTES 20u

typedef struct {
    uint16_t length;     /* of the packet */
    uint16_t length_not; /* its complement: a header that is none is told from a damaged packet */
    uint32_t crc;        /* of length and packet */
} entry_header_t;
TRENDEL_ASSERT(sizeof(entry_header_t) == 8, size_of_entry_header);

static inline uint32_t padded(uint32_t n) {
    return (n + 3u) & ~3u;
}

/* log_choose.c */
bool log_is_open(const trendel_log_t *log, uint32_t sector_i);
uint32_t log_held_by(const trendel_log_t *log, uint32_t class_id); /* sectors of a class */
uint32_t log_pick(const trendel_log_t *log, uint32_t class_id);    /* the next one to erase for it, NONE: there is none */

#endif /* TRENDEL_LOG_FORMAT_H */
