/* Sample times: the IMU's own oscillator against the clip's clock, from the times of its interrupts. */
#ifndef TRENDEL_CLOCK_H
#define TRENDEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define TRENDEL_CLOCK_MEMORY 128u          /* interrupts that the fit remembers, about */
#define TRENDEL_CLOCK_STEP_NS 20000000     /* an interrupt that is off by more starts the fit again */
#define TRENDEL_CLOCK_RATE_OFF_MAX_PART 8u /* an interval may be off from nominal by one part in so many */

/* A line through (sample index, time): least squares over the first interrupts, then with fading memory. */
typedef struct {
    uint64_t time_ns;   /* of sample_i */
    uint64_t dt_q16_ns; /* interval, 1/65536 ns */
    uint64_t nominal_q16_ns;
    uint32_t sample_i;
    uint32_t seen_n; /* interrupts in the fit */
} trendel_clock_t;

void trendel_clock_init(trendel_clock_t *clock, uint32_t nominal_dt_ns);

/* Sample `sample_i` caused an interrupt at `time_ns`. False if it was so far off that the fit began again. */
bool trendel_clock_observe(trendel_clock_t *clock, uint32_t sample_i, uint64_t time_ns);

uint64_t trendel_clock_time_ns(const trendel_clock_t *clock, uint32_t sample_i);
uint32_t trendel_clock_dt_ns(const trendel_clock_t *clock);

#endif /* TRENDEL_CLOCK_H */
