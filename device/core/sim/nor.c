#include "nor.h"

#include <stdlib.h>
#include <string.h>

static uint32_t random_of(sim_nor_t *nor) { /* xorshift64* (Vigna 2016) */
    nor->random ^= nor->random >> 12;
    nor->random ^= nor->random << 25;
    nor->random ^= nor->random >> 27;
    return (uint32_t)((nor->random * 0x2545f4914f6cdd1du) >> 32);
}

/* What an operation may do: -1 nothing (off, or it fails), 0 all of it, 1 power goes while it is done. */
static int begin(sim_nor_t *nor) {
    if (nor->off)
        return -1;
    const uint32_t operation = nor->operation_n++;
    if (operation == nor->cut_at) {
        nor->off = true;
        return 1;
    }
    return nor->fail_every != 0u && operation % nor->fail_every == nor->fail_every - 1u ? -1 : 0;
}

static int sim_read(void *context, uint32_t address, void *into, uint32_t n) {
    sim_nor_t *nor = context;
    if (nor->off)
        return -1;
    if ((uint64_t)address + n > (uint64_t)nor->flash.sector_n * nor->flash.sector_bytes) {
        nor->violations_n++;
        return -1;
    }
    memcpy(into, nor->bytes + address, n);
    for (uint32_t i = 0; i < n; i++)
        if (nor->unstable[address + i])
            ((uint8_t *)into)[i] = (uint8_t)random_of(nor);
    return 0;
}

static int sim_program(void *context, uint32_t address, const void *from, uint32_t n) {
    sim_nor_t *nor = context;
    const uint8_t *bytes = from;
    if (n == 0u || address % 4u != 0u || n % 4u != 0u ||
        address / TRENDEL_FLASH_PAGE != (address + n - 1u) / TRENDEL_FLASH_PAGE ||
        (uint64_t)address + n > (uint64_t)nor->flash.sector_n * nor->flash.sector_bytes) {
        nor->violations_n++;
        return -1;
    }
    const int fate = begin(nor);
    if (fate < 0)
        return -1;
    const uint32_t whole = fate > 0 && nor->tear == SIM_NOR_TEAR_PREFIX ? random_of(nor) % n : n;
    for (uint32_t i = 0; i < whole; i++) {
        uint8_t *cell = &nor->bytes[address + i];
        uint8_t value = bytes[i];
        if (fate > 0 && nor->tear != SIM_NOR_TEAR_PREFIX)
            value |= (uint8_t)random_of(nor); /* some bits have not been cleared */
        if (nor->unstable[address + i] == 0u && (uint8_t)(~*cell & bytes[i]) != 0u)
            nor->violations_n++;
        if (fate > 0 && nor->tear == SIM_NOR_TEAR_UNSTABLE)
            nor->unstable[address + i] = 1;
        nor->again_n += nor->programmed[address + i];
        nor->programmed[address + i] = 1;
        *cell &= value;
    }
    return fate > 0 ? -1 : 0;
}

static int sim_erase(void *context, uint32_t address) {
    sim_nor_t *nor = context;
    const uint32_t n = nor->flash.sector_bytes;
    if (address % n != 0u || address / n >= nor->flash.sector_n) {
        nor->violations_n++;
        return -1;
    }
    const int fate = begin(nor);
    if (fate < 0)
        return -1;
    if (fate > 0) {
        nor->erasing_i = address / n;
        for (uint32_t i = 0; i < n; i++) {
            nor->bytes[address + i] |= (uint8_t)random_of(nor);
            nor->unstable[address + i] = nor->tear == SIM_NOR_TEAR_UNSTABLE && random_of(nor) % 4u == 0u;
        }
        return -1;
    }
    nor->erases[address / n]++;
    memset(nor->bytes + address, 0xff, n);
    memset(nor->programmed + address, 0, n);
    memset(nor->unstable + address, 0, n);
    return 0;
}

bool sim_nor_open(sim_nor_t *nor, uint32_t sector_n, uint32_t sector_bytes, uint64_t seed) {
    const size_t n = (size_t)sector_n * sector_bytes;
    memset(nor, 0, sizeof *nor);
    nor->flash = (trendel_flash_t){nor, sector_n, sector_bytes, sim_read, sim_program, sim_erase};
    nor->bytes = malloc(n);
    nor->programmed = calloc(n, 1);
    nor->unstable = calloc(n, 1);
    nor->erases = calloc(sector_n, sizeof *nor->erases);
    nor->random = seed * 2u + 1u;
    nor->cut_at = nor->erasing_i = UINT32_MAX;
    if (nor->bytes == NULL || nor->programmed == NULL || nor->unstable == NULL || nor->erases == NULL) {
        sim_nor_close(nor);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        nor->bytes[i] = (uint8_t)random_of(nor);
    return true;
}

void sim_nor_close(sim_nor_t *nor) {
    free(nor->bytes);
    free(nor->programmed);
    free(nor->unstable);
    free(nor->erases);
    nor->bytes = nor->programmed = nor->unstable = NULL;
    nor->erases = NULL;
}

void sim_nor_power_on(sim_nor_t *nor) {
    nor->off = false;
    nor->cut_at = nor->erasing_i = UINT32_MAX;
}
