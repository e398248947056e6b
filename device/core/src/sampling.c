#include "trendel_sampling.h"

/* What a state needs of the IMU. */
static uint32_t imu_order(uint8_t state) {
    switch (state) {
    case TRENDEL_STATE_SHIPPING:
    case TRENDEL_STATE_FAULT:
        return TRENDEL_DO_IMU_OFF;
    case TRENDEL_STATE_ARMED:
    case TRENDEL_STATE_RUN:
        return TRENDEL_DO_IMU_STREAM;
    default:
        return TRENDEL_DO_IMU_WAKE;
    }
}

static uint32_t enter(trendel_sampling_t *s, uint8_t state, uint64_t now_us) {
    const uint8_t from = s->state;
    uint32_t orders = 0;
    if (from == state)
        return 0;
    if (from == TRENDEL_STATE_RUN)
        orders |= TRENDEL_DO_RUN_END | TRENDEL_DO_FLUSH;
    if (state == TRENDEL_STATE_RUN)
        orders |= TRENDEL_DO_RUN_START;
    if (state == TRENDEL_STATE_SHIPPING || state == TRENDEL_STATE_SYNC)
        orders |= TRENDEL_DO_FLUSH;
    if (state == TRENDEL_STATE_SHIPPING)
        orders |= TRENDEL_DO_RADIO_OFF;
    if (from == TRENDEL_STATE_SHIPPING)
        orders |= TRENDEL_DO_RADIO_ON;
    const uint32_t imu = imu_order(state);
    if (imu != imu_order(from) || from == TRENDEL_STATE_FAULT)
        orders |= imu;
    s->streaming = imu == TRENDEL_DO_IMU_STREAM;
    s->retried = from == TRENDEL_STATE_FAULT;
    s->state = state;
    s->entered_us = s->moved_us = s->host_us = now_us;
    return orders;
}

uint32_t trendel_sampling_init(trendel_sampling_t *s, bool shipping, uint64_t now_us) {
    s->state = shipping ? TRENDEL_STATE_SHIPPING : TRENDEL_STATE_IDLE;
    s->streaming = s->retried = s->wanted = false;
    s->wanted_us = now_us;
    s->entered_us = s->moved_us = s->host_us = now_us;
    s->retry_us = TRENDEL_FAULT_RETRY_US;
    return imu_order(s->state) | (shipping ? TRENDEL_DO_RADIO_OFF : TRENDEL_DO_RADIO_ON);
}

static uint32_t failed(trendel_sampling_t *s, uint64_t now_us) {
    const bool after_retry = s->state == TRENDEL_STATE_ARMED && s->retried;
    if (s->state == TRENDEL_STATE_SHIPPING || s->state == TRENDEL_STATE_FAULT)
        return 0;
    if (!after_retry)
        s->retry_us = TRENDEL_FAULT_RETRY_US;
    else if (s->retry_us < TRENDEL_FAULT_RETRY_MAX_US)
        s->retry_us *= 2u;
    return enter(s, TRENDEL_STATE_FAULT, now_us);
}

static uint32_t timed(trendel_sampling_t *s, uint64_t now_us) {
    const bool wanted = s->wanted && now_us - s->wanted_us < TRENDEL_STREAM_US;
    switch (s->state) {
    case TRENDEL_STATE_ARMED:
        if (wanted || now_us - s->moved_us < TRENDEL_ARMED_STILL_US)
            return 0;
        return enter(s, TRENDEL_STATE_IDLE, now_us);
    case TRENDEL_STATE_RUN:
        if (now_us - s->moved_us < TRENDEL_RUN_STILL_US)
            return 0;
        return enter(s, wanted ? TRENDEL_STATE_ARMED : TRENDEL_STATE_IDLE, now_us);
    case TRENDEL_STATE_SYNC:
        return now_us - s->host_us >= TRENDEL_SYNC_IDLE_US ? enter(s, TRENDEL_STATE_IDLE, now_us) : 0u;
    case TRENDEL_STATE_FAULT:
        return now_us - s->entered_us >= s->retry_us ? enter(s, TRENDEL_STATE_ARMED, now_us) : 0u;
    default:
        return 0;
    }
}

uint32_t trendel_sampling_step(trendel_sampling_t *s, trendel_in_t in, uint64_t now_us) {
    const bool shipping = s->state == TRENDEL_STATE_SHIPPING, broken = s->state == TRENDEL_STATE_FAULT;
    if (shipping)
        return in == TRENDEL_IN_CHARGER ? enter(s, TRENDEL_STATE_IDLE, now_us) : 0u;
    switch (in) {
    case TRENDEL_IN_SHIP:
        return enter(s, TRENDEL_STATE_SHIPPING, now_us);
    case TRENDEL_IN_IMU_FAILED:
        return failed(s, now_us);
    case TRENDEL_IN_STREAM:
        s->wanted = true;
        s->wanted_us = now_us;
        return s->state == TRENDEL_STATE_IDLE ? enter(s, TRENDEL_STATE_ARMED, now_us) : 0u;
    case TRENDEL_IN_MOTION:
        s->moved_us = now_us;
        return s->state == TRENDEL_STATE_IDLE ? enter(s, TRENDEL_STATE_ARMED, now_us) : 0u;
    case TRENDEL_IN_RUNNING:
        s->moved_us = now_us;
        return s->state == TRENDEL_STATE_ARMED ? enter(s, TRENDEL_STATE_RUN, now_us) : 0u;
    case TRENDEL_IN_SYNC:
        s->host_us = now_us;
        return broken ? 0u : enter(s, TRENDEL_STATE_SYNC, now_us);
    case TRENDEL_IN_SYNC_END:
        return s->state == TRENDEL_STATE_SYNC ? enter(s, TRENDEL_STATE_IDLE, now_us) : 0u;
    default:
        return timed(s, now_us);
    }
}
