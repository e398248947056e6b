/* A NOR flash in memory, for tests: programming only clears bits, erasing sets them, power may go at any operation. */
#ifndef TRENDEL_SIM_NOR_H
#define TRENDEL_SIM_NOR_H

#include <stdbool.h>
#include <stdint.h>

#include "trendel_flash.h"

enum { SIM_NOR_TEAR_PREFIX = 0, SIM_NOR_TEAR_BITS = 1, SIM_NOR_TEAR_UNSTABLE = 2, SIM_NOR_TEARS = 3 };

typedef struct {
    trendel_flash_t flash; /* give its address to the log */
    uint8_t *bytes;
    uint8_t *programmed; /* one byte each: programmed since it was erased */
    uint8_t *unstable;   /* one byte each: half programmed or half erased, reads as it likes */
    uint32_t *erases;    /* of each sector */
    uint32_t operation_n;
    uint32_t cut_at; /* the operation in which power goes, UINT32_MAX: none */
    uint32_t fail_every; /* each so many operations the flash reports a failure, 0: never */
    uint32_t tear;       /* SIM_NOR_TEAR_* */
    uint64_t random;
    bool off;              /* power has gone: nothing works until sim_nor_power_on */
    uint32_t violations_n; /* bits that a program would have had to set; pages crossed; addresses that are none */
    uint32_t again_n;      /* bytes programmed twice without an erase between */
    uint32_t erasing_i;    /* sector whose erase power has cut, UINT32_MAX: none */
} sim_nor_t;

/* A flash of sector_n sectors, full of noise as one that nobody has used; false without memory. */
bool sim_nor_open(sim_nor_t *nor, uint32_t sector_n, uint32_t sector_bytes, uint64_t seed);
void sim_nor_close(sim_nor_t *nor);
void sim_nor_power_on(sim_nor_t *nor);

#endif /* TRENDEL_SIM_NOR_H */
