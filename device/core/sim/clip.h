/* The simulated clip: the clip's own code on an emulated IMU and flash, with a store, a battery and a radio that takes as
 * many packets as it is told to. Its clock is turned from outside; it counts on over reboots, the clip's own does not. */
#ifndef TRENDEL_SIM_CLIP_H
#define TRENDEL_SIM_CLIP_H

#include "lsm6.h"
#include "nor.h"
#include "trendel_clip.h"

#define SIM_CLIP_OUTPUTS 512u

typedef struct {
    uint16_t n;
    uint8_t bytes[TRENDEL_SETTING_MAX];
} sim_value_t;

typedef struct {
    uint64_t time_us;
    trendel_outputs_t outputs;
} sim_outputs_t;

typedef struct {
    trendel_clip_t clip;
    trendel_world_t world;
    sim_lsm6_t imu;
    sim_nor_t nor;
    sim_value_t store[TRENDEL_KEYS_N];
    bool store_fails;
    trendel_battery_t battery;
    sim_outputs_t outputs[SIM_CLIP_OUTPUTS]; /* as they changed */
    uint32_t outputs_n;
    int32_t budget;  /* packets that the radio takes; negative: any number */
    uint8_t *sent;   /* what it took: for each packet its time (u64, us) and length (u16), then its bytes */
    uint32_t sent_n, sent_room;
    uint64_t now_us, boot_us, tick_us; /* on the simulation's clock */
    bool on;
} sim_clip_t;

/* Built, without power. False without memory. `samples` stay the caller's; dt_ns is their true interval, at the ODR code
 * row_odr of the chip (at another one they come again, or are skipped). */
bool sim_clip_open(sim_clip_t *sim, const trendel_kernels_t *kernels, const trendel_identity_t *identity,
                   const trendel_imu_sample_t *samples, uint32_t sample_n, double dt_ns, uint32_t row_odr,
                   int32_t interval_ppm, uint32_t sector_n, uint32_t records_quota);
void sim_clip_close(sim_clip_t *sim);

/* Reset for a reason as in the faults packet; power on (1) and brown-out (6) lose the IMU's registers. */
int sim_clip_boot(sim_clip_t *sim, uint8_t reset_reason);

/* Turn the clock on to `to_us`; ends early if the power goes in an operation of the flash. True if there is power. */
bool sim_clip_advance(sim_clip_t *sim, uint64_t to_us);

/* The clip's own time. */
uint64_t sim_clip_time_us(const sim_clip_t *sim);

/* The recording begins now. */
void sim_clip_play(sim_clip_t *sim);

/* The clip's float32 seconds of an interval in nanoseconds, for its test. */
float sim_dt_s(uint32_t dt_ns);

#endif /* TRENDEL_SIM_CLIP_H */
