/* What the clip is doing: shipping, idle on the belt, armed, run, sync, fault. Pure: events and time in, orders out.
 *
 *   run --still, a host streams--> armed
 *   shipping --charger--> idle --motion--> armed --running--> run --still--> idle
 *   idle, armed, run --host wants the log--> sync --done or gone--> idle      any --imu failed--> fault --retry--> armed
 */
#ifndef TRENDEL_SAMPLING_H
#define TRENDEL_SAMPLING_H

#include <stdbool.h>
#include <stdint.h>

#include "trendel_wire.h"

#define TRENDEL_ARMED_STILL_US 60000000u /* armed, and nobody runs or moves: back to sleep */
#define TRENDEL_RUN_STILL_US 300000000u  /* a run goes on over traffic lights and drinks this long */
#define TRENDEL_STREAM_US 2000000u       /* a host has wanted samples so lately: they go on */
#define TRENDEL_SYNC_IDLE_US 30000000u   /* a host that asks for nothing this long has gone */
#define TRENDEL_FAULT_RETRY_US 5000000u  /* first wait before the IMU is tried again; doubles ... */
#define TRENDEL_FAULT_RETRY_MAX_US 320000000u /* ... up to this */

typedef enum {
    TRENDEL_IN_TICK,      /* time has passed */
    TRENDEL_IN_MOTION,    /* the wake-up interrupt, or motion in the samples */
    TRENDEL_IN_RUNNING,   /* the kernels see running */
    TRENDEL_IN_CHARGER,   /* charger connected: the only way out of shipping */
    TRENDEL_IN_SHIP,      /* told to be shipped */
    TRENDEL_IN_STREAM,    /* a host wants raw samples now */
    TRENDEL_IN_SYNC,      /* a host reads the log */
    TRENDEL_IN_SYNC_END,  /* it has all, or has gone */
    TRENDEL_IN_IMU_FAILED /* start or drain failed for good */
} trendel_in_t;

/* Orders, to be carried out in this order. */
enum {
    TRENDEL_DO_RUN_END = 1,    /* log run_end */
    TRENDEL_DO_FLUSH = 2,      /* commit what waits */
    TRENDEL_DO_IMU_OFF = 4,    /* everything off */
    TRENDEL_DO_IMU_WAKE = 8,   /* wake on motion */
    TRENDEL_DO_IMU_STREAM = 16,/* start sampling at the full rate */
    TRENDEL_DO_RUN_START = 32, /* log run_start */
    TRENDEL_DO_RADIO_ON = 64,  /* advertise */
    TRENDEL_DO_RADIO_OFF = 128
};

typedef struct {
    uint8_t state;          /* TRENDEL_STATE_* */
    bool streaming;         /* the IMU samples at the full rate */
    bool retried;           /* armed again after a fault */
    bool wanted;            /* a host has ever wanted samples */
    uint64_t entered_us;    /* this state */
    uint64_t moved_us;      /* last motion or running */
    uint64_t host_us;       /* last word of the host while syncing */
    uint64_t wanted_us;     /* a host last wanted samples */
    uint32_t retry_us;      /* wait before the IMU is tried again */
} trendel_sampling_t;

/* Begin: idle after a reset, shipping if `shipping` was kept. The orders to be carried out first. */
uint32_t trendel_sampling_init(trendel_sampling_t *s, bool shipping, uint64_t now_us);

/* Take an event at now_us: orders (TRENDEL_DO_*). now_us never decreases. */
uint32_t trendel_sampling_step(trendel_sampling_t *s, trendel_in_t in, uint64_t now_us);

#endif /* TRENDEL_SAMPLING_H */
