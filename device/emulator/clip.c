/* The clip's main loop on the emulated Cortex-M4F: device/core with the lowered kernels, the IMU's register emulator and
 * the simulated flash, worn by a recording, without a host. Reads worn.bin, writes log.bin (the flash's image) and
 * end.bin; both are described in device/lowering/trendel_lowering/worn.py.
 *
 * Exit codes: 0 done, 2 worn.bin is missing or malformed, 3 a file cannot be written, 4 the clip lost its power. */
#include <semihost.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clip.h"

#define WORN_MAGIC 0x57525254u
#define SETTINGS_MAX 16u
#define PAINT 0xa5u
#define STACK_PAINTED 0x3000u

#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018u)

typedef struct {
    uint32_t magic, sample_n, kernel_hash, sector_n, records_quota, row_odr, interval_ppm, setting_n;
    uint64_t serial, play_us, end_us;
    double dt_ns;
} worn_t;

typedef struct {
    uint32_t key, n;
} setting_t;

typedef struct {
    uint32_t steps, stack_bytes, state_bytes, clip_bytes;
    uint64_t step_ticks, clip_ticks; /* kernels alone; everything that an interrupt or a tick makes the clip do */
    uint32_t step_ticks_most, clip_ticks_most, clip_calls, faults[TRENDEL_FAULTS_N];
} end_t;

static sim_clip_t sim;
static end_t end;
static uint32_t overhead, outside; /* ticks spent in the simulated chips while the clip was being timed */
static uint8_t *painted, *base;     /* where the clip's own calls begin on the stack */
static trendel_bus_t bus;
static trendel_flash_t flash;

static void stop(unsigned code) {
    sys_semihost_exit_extended(code);
}

static void read_all(int file, void *into, size_t n) {
    if (n > 0u && sys_semihost_read(file, into, n) != 0)
        stop(2);
}

static void write_all(const char *name, const void *from, size_t n) {
    const int file = sys_semihost_open(name, SH_OPEN_W_B);
    if (file < 0 || sys_semihost_write(file, from, n) != 0)
        stop(3);
    sys_semihost_close(file);
}

static uint32_t since(uint32_t before) {
    const uint32_t ticks = (before - SYST_CVR) & 0xffffffu;
    return ticks > overhead ? ticks - overhead : 0u;
}

static int32_t timed_step(trendel_state_t *state, const trendel_params_t *params, const trendel_sample_t *sample,
                          trendel_out_t *out) {
    const uint32_t before = SYST_CVR;
    const int32_t flags = trendel_step(state, params, sample, out);
    const uint32_t ticks = since(before);
    end.steps++;
    end.step_ticks += ticks;
    if (ticks > end.step_ticks_most)
        end.step_ticks_most = ticks;
    return flags;
}

/* ---- what is the clip's own: its calls are wrapped by the linker, the chips' callbacks by hand ---- */

void __real_trendel_clip_irq(trendel_clip_t *clip, uint64_t irq_us, uint64_t now_us);
void __real_trendel_clip_tick(trendel_clip_t *clip, uint64_t now_us);
int __real_trendel_clip_start(trendel_clip_t *clip, const trendel_world_t *world, uint8_t reason, uint64_t now_us);
void __wrap_trendel_clip_irq(trendel_clip_t *clip, uint64_t irq_us, uint64_t now_us);
void __wrap_trendel_clip_tick(trendel_clip_t *clip, uint64_t now_us);
int __wrap_trendel_clip_start(trendel_clip_t *clip, const trendel_world_t *world, uint8_t reason, uint64_t now_us);

static void begins(uint8_t *here) {
    if (here > base)
        base = here;
    outside = 0;
}

static void ends(uint32_t before) {
    const uint32_t ticks = since(before), own = ticks > outside ? ticks - outside : 0u;
    end.clip_ticks += own;
    if (own > end.clip_ticks_most)
        end.clip_ticks_most = own;
    end.clip_calls++;
}

void __wrap_trendel_clip_irq(trendel_clip_t *clip, uint64_t irq_us, uint64_t now_us) {
    begins(__builtin_frame_address(0));
    const uint32_t before = SYST_CVR;
    __real_trendel_clip_irq(clip, irq_us, now_us);
    ends(before);
}

void __wrap_trendel_clip_tick(trendel_clip_t *clip, uint64_t now_us) {
    begins(__builtin_frame_address(0));
    const uint32_t before = SYST_CVR;
    __real_trendel_clip_tick(clip, now_us);
    ends(before);
}

int __wrap_trendel_clip_start(trendel_clip_t *clip, const trendel_world_t *world, uint8_t reason, uint64_t now_us) {
    begins(__builtin_frame_address(0));
    return __real_trendel_clip_start(clip, world, reason, now_us);
}

static int bus_read(void *context, uint8_t reg, uint8_t *into, uint32_t n) {
    const uint32_t before = SYST_CVR;
    const int result = bus.read(context, reg, into, n);
    outside += since(before);
    return result;
}

static int flash_read(void *context, uint32_t address, void *into, uint32_t n) {
    const uint32_t before = SYST_CVR;
    const int result = flash.read(context, address, into, n);
    outside += since(before);
    return result;
}

static int flash_program(void *context, uint32_t address, const void *from, uint32_t n) {
    const uint32_t before = SYST_CVR;
    const int result = flash.program(context, address, from, n);
    outside += since(before);
    return result;
}

static int flash_erase(void *context, uint32_t address) {
    const uint32_t before = SYST_CVR;
    const int result = flash.erase(context, address);
    outside += since(before);
    return result;
}

static void watch_chips(void) {
    bus = sim.world.bus;
    sim.world.bus.read = bus_read;
    flash = sim.nor.flash;
    sim.nor.flash.read = flash_read;
    sim.nor.flash.program = flash_program;
    sim.nor.flash.erase = flash_erase;
}

static void start_counter(void) {
    SYST_RVR = 0xffffffu;
    SYST_CVR = 0;
    SYST_CSR = 5; /* on, processor clock */
    const uint32_t before = SYST_CVR;
    overhead = (before - SYST_CVR) & 0xffffffu;
}

/* Fill what the stack has not reached yet; later the lowest byte that has changed is how far it went. */
static void __attribute__((noinline)) paint(void) {
    painted = (uint8_t *)__builtin_frame_address(0) - STACK_PAINTED - 64;
    memset(painted, PAINT, STACK_PAINTED);
}

static uint32_t stack_used(void) {
    uint32_t i = 0;
    while (i < STACK_PAINTED && painted[i] == PAINT)
        i++;
    return (uint32_t)(base - (painted + i));
}

static void advance(uint64_t to_us) {
    if (!sim_clip_advance(&sim, to_us))
        stop(4);
}

int main(void) {
    worn_t worn;
    const int file = sys_semihost_open("worn.bin", SH_OPEN_R_B);
    if (file < 0)
        stop(2);
    read_all(file, &worn, sizeof worn);
    if (worn.magic != WORN_MAGIC || worn.setting_n > SETTINGS_MAX)
        stop(2);
    const trendel_kernels_t kernels = {trendel_init, timed_step, TRENDEL_LAYOUT_HASH, worn.kernel_hash};
    const trendel_identity_t identity = {.serial = worn.serial};
    trendel_imu_sample_t *samples = malloc((size_t)worn.sample_n * sizeof *samples);
    if (samples == NULL || !sim_clip_open(&sim, &kernels, &identity, samples, worn.sample_n, worn.dt_ns, worn.row_odr,
                                          (int32_t)worn.interval_ppm, worn.sector_n, worn.records_quota))
        stop(2);
    read_all(file, &sim.imu.rest, sizeof sim.imu.rest);
    for (uint32_t i = 0; i < worn.setting_n; i++) {
        setting_t setting;
        read_all(file, &setting, sizeof setting);
        if (setting.key >= TRENDEL_KEYS_N || setting.n > TRENDEL_SETTING_MAX)
            stop(2);
        sim.store[setting.key].n = (uint16_t)setting.n;
        read_all(file, sim.store[setting.key].bytes, setting.n);
    }
    read_all(file, samples, (size_t)worn.sample_n * sizeof *samples);
    watch_chips();
    start_counter();
    paint();
    if (sim_clip_boot(&sim, 1) != TRENDEL_LOG_OK)
        stop(4);
    advance(worn.play_us);
    sim_clip_play(&sim);
    advance(worn.end_us);
    trendel_clip_flush(&sim.clip);
    end.stack_bytes = stack_used();
    end.state_bytes = sizeof sim.clip.state;
    end.clip_bytes = sizeof sim.clip;
    memcpy(end.faults, sim.clip.faults.counters, sizeof end.faults);
    write_all("log.bin", sim.nor.bytes, (size_t)worn.sector_n * sim.nor.flash.sector_bytes);
    write_all("end.bin", &end, sizeof end);
    write_all("state.bin", &sim.clip.state, sizeof sim.clip.state);
    stop(0);
    return 0;
}
