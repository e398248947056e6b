/* The clip's main loop: what the state machine orders, the IMU's interrupts, time, the host. */
#include <string.h>

#include "clip_parts.h"

#define SECOND_US 1000000u
#define MISSED_US 50000u /* beyond two blocks without an interrupt: it was missed */

/* ---- sampling ---- */

/* Start the IMU. Indices go on where they were, by the time that has gone by: they count intervals since boot. */
static int start_sampling(trendel_clip_t *clip, bool cold, uint64_t now_us) {
    uint32_t index = clip->next_sample_i;
    if (cold || !clip->sampled) {
        clip->cold = true;
        clip->renew = false;
        clip_settings_params(clip);
        clip_note_hello(clip, now_us);
    }
    const int result = trendel_imu_start(&clip->imu, &clip->world.bus, &clip->faults, clip->log.boot_n, clip->rate_hz,
                                         clip->range_code, TRENDEL_CLIP_WATERMARK);
    const uint32_t dt_ns = clip_interval_ns(clip);
    trendel_clock_init(&clip->imu.clock, dt_ns);
    if (clip->sampled && now_us > clip->sampled_us)
        index += (uint32_t)((now_us - clip->sampled_us) * 1000u / dt_ns);
    trendel_packetiser_resume(&clip->imu.packetiser, clip->next_sequence, index);
    if (clip->host.subscribed && clip->host.payload_n < TRENDEL_PACKET_MAX)
        trendel_packetiser_fit(&clip->imu.packetiser, clip->host.payload_n);
    clip->sampled_us = now_us; /* a stall counts from here */
    clip->bus_failed_n = 0;
    return result;
}

static void carry_out(trendel_clip_t *clip, uint32_t orders, uint64_t now_us) {
    int result = TRENDEL_IMU_OK;
    if ((orders & TRENDEL_DO_RUN_END) != 0u)
        clip_simple_event(clip, TRENDEL_EVENT_RUN_END, 0, 0, now_us);
    if ((orders & TRENDEL_DO_FLUSH) != 0u)
        (void)trendel_recorder_flush(&clip->recorder); /* what failed is counted by the log */
    if ((orders & (TRENDEL_DO_IMU_OFF | TRENDEL_DO_IMU_WAKE)) != 0u) {
        clip->next_sequence = clip->imu.packetiser.sequence;
        clip->next_sample_i = clip->imu.packetiser.sample_i;
    }
    if ((orders & TRENDEL_DO_IMU_OFF) != 0u)
        (void)trendel_imu_off(&clip->imu); /* it may be off because it does not answer */
    if ((orders & TRENDEL_DO_IMU_WAKE) != 0u)
        result = trendel_imu_wake_on_motion(&clip->imu);
    if ((orders & TRENDEL_DO_IMU_STREAM) != 0u)
        result = start_sampling(clip, !clip->sampling.retried, now_us);
    if ((orders & TRENDEL_DO_RUN_START) != 0u)
        clip_simple_event(clip, TRENDEL_EVENT_RUN_START, 0, 0, now_us);
    if ((orders & TRENDEL_DO_RADIO_ON) != 0u)
        clip->outputs.advertising = true;
    if ((orders & TRENDEL_DO_RADIO_OFF) != 0u)
        clip->outputs.advertising = false;
    if (result != TRENDEL_IMU_OK)
        clip_step(clip, TRENDEL_IN_IMU_FAILED, now_us);
}

void clip_step(trendel_clip_t *clip, trendel_in_t in, uint64_t now_us) {
    const uint8_t from = clip->sampling.state;
    const uint32_t orders = trendel_sampling_step(&clip->sampling, in, now_us);
    const uint8_t to = clip->sampling.state;
    if (to != from && from != TRENDEL_STATE_FAULT && (to == TRENDEL_STATE_IDLE || to == TRENDEL_STATE_SHIPPING))
        clip_kernels_forget(clip, now_us);
    if (orders != 0u)
        carry_out(clip, orders, now_us);
    if (to == from)
        return;
    if (to == TRENDEL_STATE_ARMED && from == TRENDEL_STATE_IDLE)
        clip_simple_event(clip, TRENDEL_EVENT_WAKE, 0, 0, now_us);
    if (to == TRENDEL_STATE_IDLE)
        clip_simple_event(clip, TRENDEL_EVENT_IDLE, 0, 0, now_us);
    if (to == TRENDEL_STATE_SHIPPING)
        clip_simple_event(clip, TRENDEL_EVENT_SHIPPING, 0, 0, now_us);
}

void clip_restart_sampling(trendel_clip_t *clip, uint64_t now_us) {
    clip_kernels_forget(clip, now_us);
    clip->next_sequence = clip->imu.packetiser.sequence;
    clip->next_sample_i = clip->imu.packetiser.sample_i;
    if (start_sampling(clip, true, now_us) != TRENDEL_IMU_OK)
        clip_step(clip, TRENDEL_IN_IMU_FAILED, now_us);
}

static void checkpoint(trendel_clip_t *clip) {
    clip->checkpoint_due = false;
    if (clip->sampling.state != TRENDEL_STATE_RUN || clip->cold)
        return;
    (void)trendel_recorder_checkpoint(&clip->recorder, &clip->state, sizeof clip->state, clip->expected_i,
                                      clip->world.kernels.layout_hash, clip->params.param_hash, clip->now_us);
}

static void take_block(void *context, const trendel_imu_block_t *block) {
    trendel_clip_t *clip = context;
    clip_send(clip, block, trendel_imu_block_bytes(block), true);
    clip_kernels_take(clip, block);
    (void)trendel_recorder_block(&clip->recorder, block);
    clip->sampled = true;
    if (clip->checkpoint_due)
        checkpoint(clip);
}

static void drain(trendel_clip_t *clip, uint64_t irq_us, uint64_t now_us) {
    const uint32_t taken_n = clip->imu.taken_n;
    clip->runs = clip->moves = false;
    if (trendel_imu_drain(&clip->imu, irq_us, now_us, take_block, clip) != TRENDEL_IMU_OK) {
        if (++clip->bus_failed_n >= TRENDEL_CLIP_BUS_TRIES)
            clip_step(clip, TRENDEL_IN_IMU_FAILED, now_us);
        return;
    }
    clip->bus_failed_n = 0;
    if (clip->imu.taken_n != taken_n)
        clip->sampled_us = now_us;
    if (clip->runs)
        clip_step(clip, TRENDEL_IN_RUNNING, now_us);
    else if (clip->moves)
        clip_step(clip, TRENDEL_IN_MOTION, now_us);
}

/* The interrupt was missed, or the IMU stands still. */
static void watch_imu(trendel_clip_t *clip, uint64_t now_us) {
    const uint64_t since_us = now_us - clip->sampled_us;
    const uint64_t blocks_us = 2u * TRENDEL_CLIP_WATERMARK * (uint64_t)trendel_clock_dt_ns(&clip->imu.clock) / 1000u;
    if (!clip->sampling.streaming || since_us < blocks_us + MISSED_US)
        return;
    drain(clip, 0, now_us);
    if (clip->sampling.streaming && now_us - clip->sampled_us >= blocks_us + TRENDEL_CLIP_STALL_US) {
        trendel_fault(&clip->faults, TRENDEL_FAULT_IMU_STALLS, 1);
        clip_step(clip, TRENDEL_IN_IMU_FAILED, now_us);
    }
}

/* ---- the world's calls ---- */

int trendel_clip_start(trendel_clip_t *clip, const trendel_world_t *world, uint8_t reset_reason, uint64_t now_us) {
    trendel_hello_t hello;
    memset(clip, 0, sizeof *clip);
    clip->world = *world;
    clip->now_us = now_us;
    const int mounted = trendel_log_mount(&clip->log, world->flash, &clip->faults, world->records_quota);
    clip->faults.reset_reason = reset_reason;
    if (reset_reason == TRENDEL_RESET_WATCHDOG)
        trendel_fault(&clip->faults, TRENDEL_FAULT_RESETS_WATCHDOG, 1);
    else if (reset_reason == TRENDEL_RESET_FAULT)
        trendel_fault(&clip->faults, TRENDEL_FAULT_RESETS_FAULT, 1);
    else if (reset_reason == TRENDEL_RESET_BROWNOUT)
        trendel_fault(&clip->faults, TRENDEL_FAULT_RESETS_BROWNOUT, 1);
    clip->imu.bus = world->bus;
    clip->imu.faults = &clip->faults;
    clip_settings_load(clip);
    clip_settings_params(clip);
    clip_make_hello(clip, &hello, now_us);
    const int started = trendel_recorder_start(&clip->recorder, &clip->log, &hello);
    clip_note_hello(clip, now_us);
    clip_simple_event(clip, TRENDEL_EVENT_BOOT, reset_reason, 0, now_us);
    carry_out(clip, trendel_sampling_init(&clip->sampling, clip_kept_in_shipping(clip), now_us), now_us);
    world->port.outputs(world->port.context, &clip->outputs);
    return mounted != TRENDEL_LOG_OK ? mounted : started;
}

void trendel_clip_irq(trendel_clip_t *clip, uint64_t irq_us, uint64_t now_us) {
    clip->now_us = now_us;
    if (clip->sampling.streaming)
        drain(clip, irq_us, now_us);
    else
        clip_step(clip, TRENDEL_IN_MOTION, now_us);
    (void)trendel_clip_pump(clip);
}

static void show_outputs(trendel_clip_t *clip, uint64_t now_us) {
    const trendel_alert_out_t alert = trendel_alert_output(&clip->alarm, now_us);
    const trendel_outputs_t now = {alert.light, alert.vibration, clip->outputs.advertising, alert.advertised};
    if (now.light != clip->outputs.light || now.vibration != clip->outputs.vibration ||
        now.advertised != clip->outputs.advertised || clip->now_us == 0u)
        clip->world.port.outputs(clip->world.port.context, &now);
    clip->outputs = now;
}

/* The oldest records would go next, and no host has them. */
static void watch_log(trendel_clip_t *clip, uint64_t now_us) {
    uint32_t held_n = 0, oldest = UINT32_MAX;
    for (uint32_t i = 0; i < clip->world.flash->sector_n; i++) {
        const trendel_log_sector_t *sector = &clip->log.sectors[i];
        if (sector->sequence == 0u || sector->class_id != TRENDEL_LOG_RECORDS)
            continue;
        held_n++;
        if (sector->sequence < oldest)
            oldest = sector->sequence;
    }
    const bool full = held_n >= clip->log.quota[TRENDEL_LOG_RECORDS] && oldest > clip->released_sequence;
    if (full && !clip->log_full) {
        trendel_fault(&clip->faults, TRENDEL_FAULT_LOG_FULL, 1);
        clip_simple_event(clip, TRENDEL_EVENT_LOG_FULL, 0, (uint16_t)held_n, now_us);
    }
    clip->log_full = full;
}

static void watch_battery(trendel_clip_t *clip, uint64_t now_us) {
    const trendel_battery_t battery = clip->world.port.battery(clip->world.port.context);
    const bool low = battery.percent <= TRENDEL_CLIP_BATTERY_LOW;
    if (low && !clip->battery_low) {
        clip_simple_event(clip, TRENDEL_EVENT_BATTERY_LOW, battery.percent, battery.mv, now_us);
        (void)trendel_recorder_flush(&clip->recorder);
    }
    if (low || battery.percent > TRENDEL_CLIP_BATTERY_LOW + 5u)
        clip->battery_low = low;
}

static void each_second(trendel_clip_t *clip, uint64_t now_us) {
    const bool running = clip->sampling.state == TRENDEL_STATE_RUN;
    clip->faults_due = clip->faults_due || clip->faults.changed;
    if (trendel_recorder_tick(&clip->recorder, now_us, running, clip->host.subscribed))
        clip->checkpoint_due = true;
    if (running)
        (void)trendel_log_prepare(&clip->log);
}

void trendel_clip_tick(trendel_clip_t *clip, uint64_t now_us) {
    clip->now_us = now_us;
    if (clip->host.subscribed)
        clip_step(clip, TRENDEL_IN_STREAM, now_us);
    clip_step(clip, TRENDEL_IN_TICK, now_us);
    if (clip->renew && clip->sampling.state == TRENDEL_STATE_ARMED)
        clip_restart_sampling(clip, now_us);
    watch_imu(clip, now_us);
    if (now_us - clip->second_us >= SECOND_US) {
        clip->second_us = now_us;
        each_second(clip, now_us);
    }
    if (now_us - clip->status_us >= TRENDEL_CLIP_STATUS_US) {
        watch_battery(clip, now_us);
        watch_log(clip, now_us);
        clip_status(clip, now_us);
    }
    show_outputs(clip, now_us);
    (void)trendel_clip_pump(clip);
}

void trendel_clip_host(trendel_clip_t *clip, const trendel_host_t *host, uint64_t now_us) {
    const trendel_host_t before = clip->host;
    clip->now_us = now_us;
    clip->host = *host;
    clip->host.subscribed = host->subscribed && host->connected;
    if (host->connected != before.connected)
        clip_simple_event(clip, host->connected ? TRENDEL_EVENT_HOST_CONNECTED : TRENDEL_EVENT_HOST_LOST, 0,
                          host->payload_n, now_us);
    if (before.subscribed && !clip->host.subscribed)
        clip_drop_queue(clip);
    trendel_packetiser_fit(&clip->imu.packetiser, clip->host.subscribed ? host->payload_n : TRENDEL_PACKET_MAX);
    if (!before.subscribed && clip->host.subscribed)
        clip_greet(clip, now_us);
    (void)trendel_clip_pump(clip);
}

void trendel_clip_charger(trendel_clip_t *clip, uint64_t now_us) {
    clip->now_us = now_us;
    if (clip->sampling.state == TRENDEL_STATE_SHIPPING)
        (void)clip->world.port.store(clip->world.port.context, TRENDEL_KEY_MODE, NULL, 0);
    clip_step(clip, TRENDEL_IN_CHARGER, now_us);
}

void trendel_clip_mark(trendel_clip_t *clip, uint64_t now_us) {
    clip->now_us = now_us;
    clip_simple_event(clip, TRENDEL_EVENT_MARKER, 0, 0, now_us);
}

void trendel_clip_fault(trendel_clip_t *clip, uint32_t fault) {
    trendel_fault(&clip->faults, fault, 1);
}

void trendel_clip_flush(trendel_clip_t *clip) {
    (void)trendel_recorder_flush(&clip->recorder);
}
