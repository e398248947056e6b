/* libFuzzer: any bytes as what hosts, stores and time do to a clip. Settings written and stored, hosts that come and go
 * with any payload, files read anywhere, an IMU that breaks, resets. It must neither crash nor hang, keep only values that
 * can be, never write the flash wrongly, and still be there at the end. */
#include <stdlib.h>
#include <string.h>

#include "clip.h"
#include "clip_parts.h"
#include "trendel_bytes.h"

#define SECTORS 8u
#define ROWS 400u

static int32_t init(trendel_state_t *state, const trendel_params_t *params) {
    state->param_hash = params->param_hash;
    return 0;
}

/* Runs always, and is alarmed by what the samples say. */
static int32_t step(trendel_state_t *state, const trendel_params_t *params, const trendel_sample_t *sample,
                    trendel_out_t *out) {
    (void)params;
    state->sample_n++;
    out->signal.segment = TRENDEL_SEGMENT_RUNNING;
    out->alert.kind = state->sample_n % 5u;
    out->alert.side = (int32_t)(state->sample_n % 3u) - 1;
    out->alert.level = state->sample_n % 4u;
    out->alert.change = sample->acc_mps2[0];
    out->alert.error = sample->acc_mps2[1];
    out->stride.metrics[0] = sample->gyr_radps[0];
    return state->sample_n % 64u == 0u ? TRENDEL_NEW_ALERT | TRENDEL_NEW_STRIDE | TRENDEL_NEW_STEP : 0;
}

typedef struct {
    const uint8_t *data;
    size_t n, at;
} input_t;

static uint8_t byte(input_t *in) {
    return in->at < in->n ? in->data[in->at++] : 0u;
}

/* A value: its bytes from the input; mostly with the version and the checksum that let it further in. */
static size_t value_of(input_t *in, uint32_t key, uint8_t *value) {
    const uint8_t how = byte(in);
    const uint32_t usual = key < TRENDEL_KEYS_N && clip_keys[key].size != 0u ? clip_keys[key].size : 1516u;
    const size_t n = (how & 1u) != 0u ? usual : (size_t)byte(in) * (1u + (how >> 1 & 15u));
    const size_t kept = n < TRENDEL_SETTING_MAX ? n : TRENDEL_SETTING_MAX;
    for (size_t i = 0; i < kept; i++)
        value[i] = byte(in);
    if ((how & 32u) != 0u && kept > 4u) {
        value[0] = key < TRENDEL_KEYS_N ? clip_keys[key].version : 1u;
        const uint32_t crc = trendel_crc32(0, value, kept - 4u);
        memcpy(value + kept - 4u, &crc, sizeof crc);
    }
    return kept;
}

static void write_setting(sim_clip_t *sim, input_t *in) {
    static uint8_t value[TRENDEL_SETTING_MAX], back[TRENDEL_SETTING_MAX];
    const uint32_t key = byte(in) % (TRENDEL_KEYS_N + 1u);
    const size_t n = value_of(in, key, value);
    size_t read_n;
    const int result = trendel_clip_setting_write(&sim->clip, key, value, n, sim_clip_time_us(sim));
    if (result < 0 || result >= TRENDEL_SETTING_RESULTS_N)
        abort();
    if (result != TRENDEL_SETTING_OK || !clip_keys[key].readable || key == TRENDEL_KEY_MODE)
        return;
    if (trendel_clip_setting_read(&sim->clip, key, back, sizeof back, &read_n) != TRENDEL_SETTING_OK || read_n != n ||
        memcmp(value, back, n) != 0)
        abort();
}

static void store(sim_clip_t *sim, input_t *in) {
    const uint32_t key = byte(in) % TRENDEL_KEYS_N;
    sim->store[key].n = (uint16_t)value_of(in, key, sim->store[key].bytes);
}

static void read_file(sim_clip_t *sim, input_t *in) {
    static uint8_t into[2048];
    const uint32_t file = byte(in) % 4u, offset = (uint32_t)byte(in) << 8 | byte(in), n = 8u * byte(in);
    if (trendel_clip_file_read(&sim->clip, file, offset, into, n, sim_clip_time_us(sim)) > n)
        abort();
}

static void name(input_t *in) {
    char text[64];
    const size_t n = byte(in) % sizeof text;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)byte(in);
    if (trendel_clip_key(text, n) > TRENDEL_KEYS_N || trendel_clip_file(text, n) > TRENDEL_FILES_N)
        abort();
}

static void one(sim_clip_t *sim, input_t *in) {
    trendel_host_t host;
    switch (byte(in) % 10u) {
    case 0:
    case 1:
        write_setting(sim, in);
        break;
    case 2:
        (void)trendel_clip_setting_delete(&sim->clip, byte(in));
        break;
    case 3:
        host.connected = (byte(in) & 1u) != 0u;
        host.subscribed = (byte(in) & 1u) != 0u;
        host.payload_n = (uint16_t)(byte(in) * (byte(in) % 3u));
        trendel_clip_host(&sim->clip, &host, sim_clip_time_us(sim));
        break;
    case 4:
        read_file(sim, in);
        break;
    case 5:
        store(sim, in);
        break;
    case 6:
        (void)sim_clip_boot(sim, byte(in));
        sim_clip_play(sim);
        break;
    case 7:
        sim->imu.deaf = (byte(in) & 3u) == 1u;
        sim->imu.stuck = (byte(in) & 3u) == 1u;
        sim->budget = (int8_t)byte(in);
        break;
    case 8:
        name(in);
        break;
    default:
        (void)sim_clip_advance(sim, sim->now_us + 1000u * byte(in) * (1u + byte(in) % 4u));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static sim_clip_t sim;
    static trendel_imu_sample_t rows[ROWS];
    const trendel_kernels_t kernels = {init, step, TRENDEL_LAYOUT_HASH, 1};
    const trendel_identity_t identity = {.serial = 1};
    input_t in = {data, n, 0};
    for (uint32_t i = 0; i < ROWS; i++)
        rows[i].acc[0] = rows[i].gyr[2] = (int16_t)(i * 977u);
    if (!sim_clip_open(&sim, &kernels, &identity, rows, ROWS, 1e9 / 208.0, 5, 0, SECTORS, 3) ||
        sim_clip_boot(&sim, 1) != TRENDEL_LOG_OK)
        abort();
    sim_clip_play(&sim);
    for (uint32_t i = 0; i < 64u && in.at < n; i++) {
        one(&sim, &in);
        sim.sent_n = 0;
    }
    sim.imu.deaf = sim.imu.stuck = false;
    if (!sim_clip_advance(&sim, sim.now_us + 1000000u) || sim.nor.violations_n != 0u)
        abort();
    sim_clip_close(&sim);
    return 0;
}
