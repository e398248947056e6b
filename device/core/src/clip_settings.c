/* Settings: what is stored, what is used, and the kernels' parameters made of them. */
#include <string.h>

#include "clip_parts.h"
#include "trendel_bytes.h"

#define PREFIX "trendel/"
#define PREFIX_N 8u
#define RANGE_CODE_RUNNING 0x43u /* +-16 g, 2,000 deg/s */
#define RATE_RUNNING_HZ 208u

uint32_t trendel_clip_key(const char *name, size_t n) {
    if (n > PREFIX_N && memcmp(name, PREFIX, PREFIX_N) == 0) {
        name += PREFIX_N;
        n -= PREFIX_N;
    }
    for (uint32_t key = 0; key < TRENDEL_KEYS_N; key++)
        if (strlen(clip_keys[key].name) == n && memcmp(clip_keys[key].name, name, n) == 0)
            return key;
    return TRENDEL_KEYS_N;
}

/* A stored value that is good, in clip->value: its bytes, else 0. `fault`: count one that is there and is not good. */
static size_t stored(trendel_clip_t *clip, uint32_t key, bool fault) {
    const trendel_port_t *port = &clip->world.port;
    const size_t n = port->load(port->context, key, clip->value, sizeof clip->value);
    if (n == 0u)
        return 0;
    if (clip_check(key, clip->value, n) == TRENDEL_SETTING_OK)
        return n;
    if (fault)
        trendel_fault(&clip->faults, TRENDEL_FAULT_SETTINGS_UNUSABLE, 1);
    return 0;
}

/* What is used of one key: its stored value, or the default. */
static void use(trendel_clip_t *clip, uint32_t key, bool fault) {
    const bool there = clip_keys[key].stored && stored(clip, key, fault) > 0u;
    const uint8_t *value = clip->value;
    switch (key) {
    case TRENDEL_KEY_NAME:
        memset(clip->name, 0, sizeof clip->name);
        if (there)
            memcpy(clip->name, value + 1, sizeof clip->name);
        break;
    case TRENDEL_KEY_CALIBRATION:
        clip->calibrated = there;
        memset(&clip->calibration, 0, sizeof clip->calibration);
        if (there)
            memcpy(&clip->calibration, value, sizeof clip->calibration);
        break;
    case TRENDEL_KEY_THRESHOLDS:
        clip->alarm.silent = there && value[1] != 0u;
        break;
    case TRENDEL_KEY_RATE_HZ:
        clip->rate_hz = there ? value[2] | (uint32_t)value[3] << 8 : RATE_RUNNING_HZ;
        break;
    case TRENDEL_KEY_RANGE_CODE:
        clip->range_code = there ? value[1] : RANGE_CODE_RUNNING;
        break;
    case TRENDEL_KEY_RSC:
        clip->rsc = there ? value[1] : 0u;
        break;
    default:
        break;
    }
}

void clip_settings_load(trendel_clip_t *clip) {
    for (uint32_t key = 0; key < TRENDEL_KEYS_N; key++)
        use(clip, key, true);
}

bool clip_kept_in_shipping(trendel_clip_t *clip) {
    return stored(clip, TRENDEL_KEY_MODE, false) > 0u && clip->value[1] == TRENDEL_MODE_SHIP;
}

/* ---- the kernels' parameters ---- */

static void table(trendel_clip_t *clip) {
    trendel_setting_params_t head;
    if (stored(clip, TRENDEL_KEY_PARAMS, false) > 0u) {
        memcpy(&head, clip->value, sizeof head);
        if (head.rate_hz == clip->rate_hz) {
            memcpy(&clip->params, clip->value + sizeof head, sizeof clip->params);
            return;
        }
    }
    clip_default_params(&clip->params, clip->rate_hz);
}

void clip_settings_params(trendel_clip_t *clip) {
    trendel_params_t *params = &clip->params;
    use(clip, TRENDEL_KEY_RATE_HZ, false);
    use(clip, TRENDEL_KEY_RANGE_CODE, false);
    use(clip, TRENDEL_KEY_CALIBRATION, false);
    table(clip);
    if (stored(clip, TRENDEL_KEY_BASELINE, false) > 0u) {
        trendel_setting_baseline_t v;
        memcpy(&v, clip->value, sizeof v);
        params->stability.prior_given = 1;
        memcpy(params->stability.prior_rad, v.prior_rad, sizeof v.prior_rad);
        params->stability.prior_n = v.prior_n;
    }
    if (stored(clip, TRENDEL_KEY_MOUNTING, false) > 0u) {
        trendel_setting_mounting_t v;
        memcpy(&v, clip->value, sizeof v);
        params->mounting.given = 1;
        params->mounting.has_standing = v.has_standing;
        memcpy(params->mounting.axes, v.axes, sizeof v.axes);
        params->mounting.lean_given_rad = v.lean_rad;
    }
    if (stored(clip, TRENDEL_KEY_THRESHOLDS, false) > 0u) {
        trendel_setting_thresholds_t v;
        memcpy(&v, clip->value, sizeof v);
        params->stability.notice_rad = v.notice_rad;
        params->stability.warning_rad = v.warning_rad;
        params->stability.stop_rad = v.stop_rad;
        params->stability.rest_s = v.rest_s;
    }
    params->magic = params->layout_hash = params->param_hash = params->bytes_n = 0;
    params->param_hash = trendel_crc32(0, params, sizeof *params);
    params->magic = TRENDEL_MAGIC_PARAMS;
    params->layout_hash = TRENDEL_LAYOUT_HASH;
    params->bytes_n = sizeof *params;
}

/* ---- writing, reading ---- */

/* The name, the silence and the service are used at once; the rest from the next start of sampling on. */
static void changed(trendel_clip_t *clip, uint32_t key, uint64_t now_us) {
    if (key == TRENDEL_KEY_NAME || key == TRENDEL_KEY_RSC) {
        use(clip, key, false);
        clip_note_hello(clip, now_us);
        return;
    }
    if (key == TRENDEL_KEY_THRESHOLDS)
        use(clip, key, false);
    clip->renew = true;
    if (!clip->sampling.streaming && clip->sampling.state != TRENDEL_STATE_FAULT) {
        clip_settings_params(clip);
        clip_note_hello(clip, now_us);
    }
}

static int write_mode(trendel_clip_t *clip, const uint8_t *value, size_t n, uint64_t now_us) {
    const trendel_port_t *port = &clip->world.port;
    const bool runs = clip->sampling.state == TRENDEL_STATE_RUN;
    switch (value[1]) {
    case TRENDEL_MODE_SYNC:
        if (runs || clip->sampling.state == TRENDEL_STATE_FAULT)
            return TRENDEL_SETTING_BUSY;
        clip_step(clip, TRENDEL_IN_SYNC, now_us);
        return TRENDEL_SETTING_OK;
    case TRENDEL_MODE_SHIP:
        if (runs)
            return TRENDEL_SETTING_BUSY;
        if (!port->store(port->context, TRENDEL_KEY_MODE, value, n))
            return TRENDEL_SETTING_STORE;
        clip_step(clip, TRENDEL_IN_SHIP, now_us);
        return TRENDEL_SETTING_OK;
    default:
        clip_step(clip, TRENDEL_IN_SYNC_END, now_us);
        return TRENDEL_SETTING_OK;
    }
}

static int command(trendel_clip_t *clip, uint32_t key, const uint8_t *value, uint64_t now_us) {
    uint32_t word;
    memcpy(&word, value, sizeof word);
    if (key == TRENDEL_KEY_LOG_RELEASE) {
        if (word == UINT32_MAX || word >= clip->log.next_sequence)
            return TRENDEL_SETTING_VALUE; /* it cannot have been read */
        clip->released_sequence = word > clip->released_sequence ? word : clip->released_sequence;
        return trendel_log_release(&clip->log, word) == TRENDEL_LOG_OK ? TRENDEL_SETTING_OK : TRENDEL_SETTING_STORE;
    }
    if (word != TRENDEL_ERASE_WORD)
        return TRENDEL_SETTING_VALUE;
    if (clip->sampling.state == TRENDEL_STATE_RUN)
        return TRENDEL_SETTING_BUSY;
    (void)trendel_recorder_flush(&clip->recorder); /* nothing of before comes after */
    const int erased = trendel_log_erase_all(&clip->log);
    clip->hello_crc = 1; /* the new log begins with a hello */
    clip_note_hello(clip, now_us);
    return erased == TRENDEL_LOG_OK ? TRENDEL_SETTING_OK : TRENDEL_SETTING_STORE;
}

static int write(trendel_clip_t *clip, uint32_t key, const uint8_t *value, size_t n, uint64_t now_us) {
    const trendel_port_t *port = &clip->world.port;
    if (key >= TRENDEL_KEYS_N)
        return TRENDEL_SETTING_UNKNOWN_KEY;
    const int wrong = clip_check(key, value, n);
    if (wrong != TRENDEL_SETTING_OK)
        return wrong;
    if (clip_keys[key].version == 0u)
        return command(clip, key, value, now_us);
    if (key == TRENDEL_KEY_MODE)
        return write_mode(clip, value, n, now_us);
    if (!port->store(port->context, key, value, n))
        return TRENDEL_SETTING_STORE;
    changed(clip, key, now_us);
    return TRENDEL_SETTING_OK;
}

int trendel_clip_setting_write(trendel_clip_t *clip, uint32_t key, const uint8_t *value, size_t n, uint64_t now_us) {
    clip->now_us = now_us;
    const int result = write(clip, key, value, n, now_us);
    if (result != TRENDEL_SETTING_OK && result != TRENDEL_SETTING_BUSY)
        trendel_fault(&clip->faults, TRENDEL_FAULT_WRITES_REFUSED, 1);
    return result;
}

int trendel_clip_setting_delete(trendel_clip_t *clip, uint32_t key) {
    const trendel_port_t *port = &clip->world.port;
    if (key >= TRENDEL_KEYS_N)
        return TRENDEL_SETTING_UNKNOWN_KEY;
    if (!clip_keys[key].stored || key == TRENDEL_KEY_MODE)
        return TRENDEL_SETTING_ACCESS;
    if (!port->store(port->context, key, NULL, 0))
        return TRENDEL_SETTING_STORE;
    changed(clip, key, clip->now_us);
    return TRENDEL_SETTING_OK;
}

/* Values that are always there: the mode, and what is used where nothing is stored. */
static size_t current(const trendel_clip_t *clip, uint32_t key, uint8_t value[8]) {
    memset(value, 0, 8);
    value[0] = clip_keys[key].version;
    switch (key) {
    case TRENDEL_KEY_MODE:
        value[1] = clip->sampling.state == TRENDEL_STATE_SHIPPING ? TRENDEL_MODE_SHIP
                   : clip->sampling.state == TRENDEL_STATE_SYNC   ? TRENDEL_MODE_SYNC
                                                                  : TRENDEL_MODE_RUN;
        break;
    case TRENDEL_KEY_RATE_HZ:
        value[2] = (uint8_t)clip->rate_hz;
        value[3] = (uint8_t)(clip->rate_hz >> 8);
        break;
    case TRENDEL_KEY_RANGE_CODE:
        value[1] = clip->range_code;
        break;
    case TRENDEL_KEY_RSC:
        value[1] = clip->rsc;
        break;
    default:
        return 0;
    }
    const uint32_t crc = trendel_crc32(0, value, 4);
    memcpy(value + 4, &crc, sizeof crc);
    return 8;
}

int trendel_clip_setting_read(trendel_clip_t *clip, uint32_t key, uint8_t *into, size_t room, size_t *n) {
    uint8_t now[8];
    const uint8_t *value = clip->value;
    *n = 0;
    if (key >= TRENDEL_KEYS_N)
        return TRENDEL_SETTING_UNKNOWN_KEY;
    if (!clip_keys[key].readable)
        return TRENDEL_SETTING_ACCESS;
    size_t found = key == TRENDEL_KEY_MODE ? 0u : stored(clip, key, false);
    if (found == 0u) {
        found = current(clip, key, now);
        value = now;
    }
    if (found == 0u)
        return TRENDEL_SETTING_MISSING;
    if (found > room)
        return TRENDEL_SETTING_LENGTH;
    memcpy(into, value, found);
    *n = found;
    return TRENDEL_SETTING_OK;
}
