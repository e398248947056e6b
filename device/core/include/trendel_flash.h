/* The flash that the log lives on: four callbacks and its size. */
#ifndef TRENDEL_FLASH_H
#define TRENDEL_FLASH_H

#include <stdint.h>

#define TRENDEL_FLASH_PAGE 256u /* a program never crosses a page */

/* Each returns 0, or another number if it failed. Addresses count from the start of the log's part of the flash.
 * `program` gets an address and a length that are multiples of 4, within one page, and never the same bytes twice
 * between two erasures. It and `erase` return when the flash has done it. */
typedef struct {
    void *context;
    uint32_t sector_n;     /* 4 to TRENDEL_LOG_SECTORS_MAX */
    uint32_t sector_bytes; /* what `erase` erases; a multiple of the page, 4096 on the board */
    int (*read)(void *context, uint32_t address, void *into, uint32_t n);
    int (*program)(void *context, uint32_t address, const void *from, uint32_t n);
    int (*erase)(void *context, uint32_t address);
} trendel_flash_t;

#endif /* TRENDEL_FLASH_H */
