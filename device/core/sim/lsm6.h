/* An LSM6DS3TR-C at the level of its registers: replays samples that it is given, on a clock of its own. For tests. */
#ifndef TRENDEL_SIM_LSM6_H
#define TRENDEL_SIM_LSM6_H

#include <stdbool.h>
#include <stdint.h>

#include "trendel_lsm6.h"
#include "trendel_selftest.h"

#define SIM_LSM6_HELD 341u /* samples of twelve bytes in 4 KiB */

typedef struct {
    trendel_bus_t bus; /* for the driver */
    uint8_t registers[128];
    const trendel_imu_sample_t *samples; /* what it measures, one after another */
    uint32_t sample_n;
    double dt_ns, start_ns; /* the true interval, and when it was switched on */
    uint32_t made_n;        /* samples measured since then */
    bool follows;           /* samples[i] is what happens at play_ns + i row_ns, measured or not, and rest before and after */
    double row_ns, now_ns;
    uint32_t row_odr;       /* the ODR code at which each row is measured once; at others they come again, or are skipped */
    trendel_imu_sample_t rest;
    double play_ns;
    int64_t first_i;        /* then: intervals from play_ns to the first one since it was switched on */
    bool stuck, deaf;       /* broken: measures nothing any more; does not answer */
    int64_t woken_i;        /* motion was looked for up to this one */
    uint32_t fifo[SIM_LSM6_HELD]; /* which samples the FIFO holds, oldest first */
    uint32_t held_n, word;        /* how many, and words of the oldest that were read already */
    bool overrun;
    uint64_t irq_ns;              /* when the level came up to the watermark, 0: it has not since the last drain */
    uint32_t access_n, fail_at;   /* accesses so far; the one that fails, UINT32_MAX: none */
    uint32_t fail_after_words;    /* of a burst that fails: words that it still takes out of the FIFO */
    uint32_t resets_n;
    bool broken_acc; /* does not answer the self-test */
} sim_lsm6_t;

/* Power was gone: registers as they are then. */
void sim_lsm6_power_on(sim_lsm6_t *sim);

/* Let samples[0] happen next (follows): at the next interval, or as the first that the driver does not discard. */
void sim_lsm6_play(sim_lsm6_t *sim, uint64_t now_ns, uint32_t discard_n);

void sim_lsm6_open(sim_lsm6_t *sim, const trendel_imu_sample_t *samples, uint32_t sample_n, double dt_ns);

/* Measure all that falls due up to now. */
void sim_lsm6_advance(sim_lsm6_t *sim, uint64_t now_ns);

/* When the level will next come up to the watermark, ns; INFINITY if it does not stream. */
double sim_lsm6_next_irq_ns(const sim_lsm6_t *sim);

/* In its sleep: whether it was moved since it was asked last (a change of acceleration beyond the wake-up threshold). */
bool sim_lsm6_moved(sim_lsm6_t *sim, uint64_t now_ns);

/* Run the driver on it for a while: an interrupt at the watermark is served latency_ns later, with a jitter of up to
 * jitter_ns (deterministic); blocks are copied to `blocks` (room for block_max). How many there are. */
uint32_t sim_lsm6_run(sim_lsm6_t *sim, trendel_imu_t *imu, uint64_t from_ns, uint64_t to_ns, uint32_t latency_ns,
                      uint32_t jitter_ns, trendel_imu_block_t *blocks, uint32_t block_max);

/* The self-tests, of the chip and of the clip, with a delay that only moves the emulator's clock. */
int sim_lsm6_selftest(sim_lsm6_t *sim, trendel_faults_t *faults);
uint8_t sim_clip_selftest(sim_lsm6_t *sim, trendel_recorder_t *rec, uint64_t now_us);

#endif /* TRENDEL_SIM_LSM6_H */
