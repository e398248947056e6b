#include "trendel_clock.h"

void trendel_clock_init(trendel_clock_t *clock, uint32_t nominal_dt_ns) {
    clock->time_ns = 0;
    clock->nominal_q16_ns = (uint64_t)nominal_dt_ns << 16;
    clock->dt_q16_ns = clock->nominal_q16_ns;
    clock->sample_i = 0;
    clock->seen_n = 0;
}

/* Time from the reference to a sample, which may be before it. */
static int64_t span_ns(const trendel_clock_t *clock, uint32_t sample_i) {
    const uint32_t ahead = sample_i - clock->sample_i, back = clock->sample_i - sample_i;
    return ahead <= back ? (int64_t)((ahead * clock->dt_q16_ns + 32768u) >> 16)
                         : -(int64_t)((back * clock->dt_q16_ns + 32768u) >> 16);
}

uint64_t trendel_clock_time_ns(const trendel_clock_t *clock, uint32_t sample_i) {
    const int64_t span = span_ns(clock, sample_i);
    if (span < 0 && (uint64_t)-span > clock->time_ns)
        return 0; /* before the clip was on: only while the fit begins */
    return clock->time_ns + (uint64_t)span;
}

uint32_t trendel_clock_dt_ns(const trendel_clock_t *clock) {
    return (uint32_t)((clock->dt_q16_ns + 32768u) >> 16);
}

bool trendel_clock_observe(trendel_clock_t *clock, uint32_t sample_i, uint64_t time_ns) {
    const uint32_t steps = sample_i - clock->sample_i;
    const int64_t off = (int64_t)(time_ns - trendel_clock_time_ns(clock, sample_i));
    if (clock->seen_n == 0u || steps == 0u || off > TRENDEL_CLOCK_STEP_NS || off < -TRENDEL_CLOCK_STEP_NS) {
        const bool begins = clock->seen_n == 0u;
        clock->time_ns = time_ns;
        clock->sample_i = sample_i;
        clock->seen_n = 1;
        return begins || steps == 0u;
    }
    if (clock->seen_n < TRENDEL_CLOCK_MEMORY)
        clock->seen_n++;
    /* Gains of the least-squares line through n equidistant points (Brookner, Tracking and Kalman Filtering, 1998). */
    const int64_t n = clock->seen_n, all = n * (n + 1);
    const int64_t dt_max = (int64_t)(clock->nominal_q16_ns / TRENDEL_CLOCK_RATE_OFF_MAX_PART);
    clock->time_ns = trendel_clock_time_ns(clock, sample_i);
    clock->sample_i = sample_i;
    clock->time_ns = (uint64_t)((int64_t)clock->time_ns + off * 2 * (2 * n - 1) / all);
    int64_t from_nominal = (int64_t)(clock->dt_q16_ns - clock->nominal_q16_ns) + off * 65536 * 6 / all / (int64_t)steps;
    from_nominal = from_nominal > dt_max ? dt_max : from_nominal < -dt_max ? -dt_max : from_nominal;
    clock->dt_q16_ns = (uint64_t)((int64_t)clock->nominal_q16_ns + from_nominal);
    return true;
}
