#include "clip.h"

#include "clip_parts.h"

#include <stdlib.h>
#include <string.h>

static bool radio(void *context, const uint8_t *packet, size_t n) {
    sim_clip_t *sim = context;
    const uint32_t needed = sim->sent_n + 10u + (uint32_t)n;
    if (sim->budget == 0)
        return false;
    if (needed > sim->sent_room) {
        uint8_t *more = realloc(sim->sent, 2u * needed);
        if (more == NULL)
            return false;
        sim->sent = more;
        sim->sent_room = 2u * needed;
    }
    const uint16_t length = (uint16_t)n;
    memcpy(sim->sent + sim->sent_n, &sim->now_us, 8);
    memcpy(sim->sent + sim->sent_n + 8, &length, 2);
    memcpy(sim->sent + sim->sent_n + 10, packet, n);
    sim->sent_n = needed;
    if (sim->budget > 0)
        sim->budget--;
    return true;
}

static void show(void *context, const trendel_outputs_t *outputs) {
    sim_clip_t *sim = context;
    if (sim->outputs_n == SIM_CLIP_OUTPUTS)
        memmove(sim->outputs, sim->outputs + 1, --sim->outputs_n * sizeof sim->outputs[0]);
    sim->outputs[sim->outputs_n].time_us = sim->now_us;
    sim->outputs[sim->outputs_n++].outputs = *outputs;
}

static trendel_battery_t battery(void *context) {
    return ((const sim_clip_t *)context)->battery;
}

static size_t load(void *context, uint32_t key, uint8_t *into, size_t room) {
    const sim_value_t *value = &((const sim_clip_t *)context)->store[key];
    if (value->n > room)
        return 0;
    memcpy(into, value->bytes, value->n);
    return value->n;
}

static bool store(void *context, uint32_t key, const uint8_t *bytes, size_t n) {
    sim_clip_t *sim = context;
    if (sim->store_fails || n > TRENDEL_SETTING_MAX)
        return false;
    sim->store[key].n = (uint16_t)n;
    if (n > 0u)
        memcpy(sim->store[key].bytes, bytes, n);
    return true;
}

bool sim_clip_open(sim_clip_t *sim, const trendel_kernels_t *kernels, const trendel_identity_t *identity,
                   const trendel_imu_sample_t *samples, uint32_t sample_n, double dt_ns, uint32_t row_odr,
                   int32_t interval_ppm, uint32_t sector_n, uint32_t records_quota) {
    memset(sim, 0, sizeof *sim);
    sim_lsm6_open(&sim->imu, samples, sample_n, dt_ns);
    sim->imu.follows = true;
    sim->imu.row_odr = row_odr;
    sim->imu.play_ns = 1e18; /* not yet */
    sim->budget = -1;
    sim->battery = (trendel_battery_t){100, 4100};
    if (!sim_nor_open(&sim->nor, sector_n, 4096, 1))
        return false;
    sim->world = (trendel_world_t){.port = {sim, radio, show, battery, load, store},
                                   .kernels = *kernels,
                                   .identity = *identity,
                                   .bus = sim->imu.bus,
                                   .flash = &sim->nor.flash,
                                   .records_quota = records_quota,
                                   .interval_ppm = interval_ppm};
    return true;
}

void sim_clip_close(sim_clip_t *sim) {
    sim_nor_close(&sim->nor);
    free(sim->sent);
    sim->sent = NULL;
    sim->on = false;
}

uint64_t sim_clip_time_us(const sim_clip_t *sim) {
    return sim->now_us - sim->boot_us;
}

int sim_clip_boot(sim_clip_t *sim, uint8_t reset_reason) {
    sim_nor_power_on(&sim->nor);
    if (reset_reason == TRENDEL_RESET_POWER_ON || reset_reason == TRENDEL_RESET_BROWNOUT)
        sim_lsm6_power_on(&sim->imu);
    sim->on = true;
    sim->boot_us = sim->tick_us = sim->now_us;
    const int result = trendel_clip_start(&sim->clip, &sim->world, reset_reason, 0);
    sim->on = !sim->nor.off;
    return result;
}

static void interrupt(sim_clip_t *sim) {
    const uint64_t irq_us = (sim->imu.irq_ns + 500u) / 1000u;
    sim->imu.irq_ns = 0;
    trendel_clip_irq(&sim->clip, irq_us > sim->boot_us ? irq_us - sim->boot_us : 0u, sim_clip_time_us(sim));
}

static void tick(sim_clip_t *sim) {
    sim->tick_us = sim->now_us + TRENDEL_CLIP_TICK_US;
    if (sim_lsm6_moved(&sim->imu, sim->now_us * 1000u) && !sim->clip.sampling.streaming)
        trendel_clip_irq(&sim->clip, sim_clip_time_us(sim), sim_clip_time_us(sim));
    trendel_clip_tick(&sim->clip, sim_clip_time_us(sim));
}

bool sim_clip_advance(sim_clip_t *sim, uint64_t to_us) {
    while (sim->on) {
        const double irq_ns = sim_lsm6_next_irq_ns(&sim->imu);
        uint64_t next_us = to_us < sim->tick_us ? to_us : sim->tick_us;
        if (irq_ns < (double)next_us * 1e3)
            next_us = (uint64_t)(irq_ns / 1e3) + 1u;
        if (next_us > sim->now_us)
            sim->now_us = next_us;
        sim_lsm6_advance(&sim->imu, sim->now_us * 1000u);
        if (sim->imu.irq_ns != 0u)
            interrupt(sim);
        if (sim->now_us >= sim->tick_us)
            tick(sim);
        sim->on = sim->on && !sim->nor.off;
        if (sim->now_us >= to_us)
            return sim->on;
    }
    sim->now_us = to_us > sim->now_us ? to_us : sim->now_us; /* the world goes on without it */
    return false;
}

void sim_clip_play(sim_clip_t *sim) {
    const uint32_t taken_n = sim->clip.imu.taken_n + sim->clip.imu.discard_n;
    sim_lsm6_play(&sim->imu, sim->now_us * 1000u, sim->clip.imu.discard_n > 0u ? taken_n : 0u);
}

float sim_dt_s(uint32_t dt_ns) {
    return clip_dt_s(dt_ns);
}
