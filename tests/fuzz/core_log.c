/* libFuzzer: any bytes as a flash, and then as what a broken IMU says. Mounting, reading, writing on and driving must
 * neither crash nor hang, and what is committed afterwards must be there. */
#include <stdlib.h>
#include <string.h>

#include "lsm6.h"
#include "nor.h"
#include "trendel_log.h"
#include "trendel_lsm6.h"

#define SECTORS 5u

static void on_flash(const uint8_t *data, size_t n) {
    static sim_nor_t nor;
    static trendel_log_t flog;
    static uint8_t out[TRENDEL_STORED_MAX];
    trendel_faults_t faults = {0};
    if (nor.bytes == NULL && !sim_nor_open(&nor, SECTORS, 4096, 1))
        abort();
    memset(nor.bytes, 0xff, SECTORS * 4096u);
    memset(nor.programmed, 0, SECTORS * 4096u);
    for (uint32_t i = 0; i < SECTORS; i++) { /* a piece of the input at the start of each sector */
        const size_t from = n * i / SECTORS, to = n * (i + 1u) / SECTORS;
        memcpy(nor.bytes + i * 4096u, data + from, to - from < 4096u ? to - from : 4096u);
    }
    if (trendel_log_mount(&flog, &nor.flash, &faults, 2) != TRENDEL_LOG_OK)
        abort();
    uint32_t total = 0;
    for (uint32_t class_id = 0; class_id < TRENDEL_LOG_CLASSES; class_id++) {
        trendel_log_reader_t reader = {class_id, 0, 0, 0};
        while (trendel_log_next(&flog, &reader, out) > 0u)
            if (++total > SECTORS * 4096u)
                abort();
    }
    const uint8_t entry[16] = {0xee, 1, 2, 3};
    if (trendel_log_append(&flog, TRENDEL_LOG_RECORDS, entry, sizeof entry) != TRENDEL_LOG_OK || nor.violations_n != 0u)
        abort();
    trendel_log_reader_t reader = {TRENDEL_LOG_RECORDS, flog.next_sequence - 1u, 0, 0};
    bool found = false;
    size_t read_n;
    while ((read_n = trendel_log_next(&flog, &reader, out)) > 0u)
        found = read_n == sizeof entry && memcmp(out, entry, sizeof entry) == 0;
    if (!found && flog.next_sequence != 0u) /* sequence numbers at the end of their range wrap, as no real flash does */
        abort();
}

typedef struct {
    const uint8_t *data;
    size_t n, at;
} noise_t;

static int noise_read(void *context, uint8_t reg, uint8_t *into, uint32_t n) {
    noise_t *noise = context;
    for (uint32_t i = 0; i < n; i++)
        into[i] = noise->at < noise->n ? noise->data[noise->at++] : 0;
    if (reg == 0x0fu)
        into[0] = 0x6a;
    return n > 0u && into[0] == 0xffu ? -1 : 0;
}

static int noise_write(void *context, uint8_t reg, uint8_t value) {
    (void)context, (void)reg, (void)value;
    return 0;
}

static void count(void *context, const trendel_imu_block_t *block) {
    if (block->header.sample_n < 1u || block->header.sample_n > TRENDEL_IMU_SAMPLES_MAX)
        abort();
    ++*(uint32_t *)context;
}

static void on_bus(const uint8_t *data, size_t n) {
    noise_t noise = {data, n, 0};
    const trendel_bus_t bus = {&noise, noise_read, noise_write};
    trendel_faults_t faults = {0};
    trendel_imu_t imu;
    uint32_t blocks = 0;
    (void)trendel_imu_start(&imu, &bus, &faults, 1, 208, 0x43, 18);
    for (uint64_t now_us = 1000000; noise.at < noise.n && now_us < 100000000u; now_us += 86538u) {
        const uint64_t irq_us = (data[noise.at] & 1u) != 0u ? now_us : 0u;
        (void)trendel_imu_drain(&imu, irq_us, now_us + data[noise.at], count, &blocks);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0u)
        return 0;
    if ((data[0] & 1u) != 0u)
        on_flash(data + 1, n - 1u);
    else
        on_bus(data + 1, n - 1u);
    return 0;
}
