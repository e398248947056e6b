/* The clip's self-test: in the factory, on demand, at rest. What failed is logged as an event and counted. */
#ifndef TRENDEL_SELFTEST_H
#define TRENDEL_SELFTEST_H

#include <stdint.h>

#include "trendel_lsm6.h"
#include "trendel_recorder.h"

/* What failed; also `detail` of the event. */
enum {
    TRENDEL_SELFTEST_CODE = 1,     /* the core does not compute what it should */
    TRENDEL_SELFTEST_IMU_BUS = 2,  /* the IMU does not answer */
    TRENDEL_SELFTEST_IMU_WHO = 4,  /* another chip answers */
    TRENDEL_SELFTEST_IMU_MOVE = 8, /* it answers its own self-test wrongly */
    TRENDEL_SELFTEST_LOG = 16      /* the log cannot be written and read back */
};

/* Run it: what failed, 0 if nothing. Takes about half a second, of which delay_ms waits most. The IMU is to be started
 * again afterwards. */
uint8_t trendel_selftest(const trendel_bus_t *bus, trendel_recorder_t *rec, uint64_t now_us,
                         void (*delay_ms)(void *context, uint32_t ms), void *context);

#endif /* TRENDEL_SELFTEST_H */
