#include "trendel_alert.h"

#define PULSE_US 200000u
#define PAUSE_US 200000u
#define LONG_US 1000000u

bool trendel_alert_start(trendel_alarm_t *alert, int32_t side, uint32_t level, uint64_t now_us) {
    const bool quiet = alert->ended_us != 0u && now_us - alert->ended_us < TRENDEL_ALERT_QUIET_US;
    if ((alert->active || quiet) && level <= alert->level)
        return false;
    alert->active = true;
    alert->level = (uint8_t)level;
    alert->side = (int8_t)(side > 0 ? 1 : side < 0 ? -1 : 0);
    alert->given_us = now_us;
    alert->times_n = 1;
    return true;
}

void trendel_alert_end(trendel_alarm_t *alert, uint64_t now_us) {
    if (!alert->active)
        return;
    alert->active = false;
    alert->ended_us = now_us != 0u ? now_us : 1u;
}

static bool pulse(int8_t side, uint64_t since_us) {
    if (side == 0)
        return since_us < LONG_US;
    const uint64_t pulses = side > 0 ? 2u : 3u;
    return since_us < pulses * (PULSE_US + PAUSE_US) && since_us % (PULSE_US + PAUSE_US) < PULSE_US;
}

trendel_alert_out_t trendel_alert_output(trendel_alarm_t *alert, uint64_t now_us) {
    trendel_alert_out_t out = {false, false, 0};
    if (!alert->active)
        return out;
    if (now_us - alert->given_us >= TRENDEL_ALERT_REPEAT_US && alert->times_n < TRENDEL_ALERT_REPEATS) {
        alert->given_us = now_us;
        alert->times_n++;
    }
    out.light = pulse(alert->side, now_us - alert->given_us);
    out.vibration = out.light && !alert->silent;
    out.advertised = alert->side > 0 ? 1u : alert->side < 0 ? 2u : 3u;
    return out;
}
