/* The IMU on the emulated I2C bus: device/core/sim's registers, replaying a recording.
 *
 * --imu=FILE holds int16 x 6 for each sample (acceleration, rotation; 16 g and 2,000 deg/s), --imu-dt its interval. It
 * rests in the first sample's attitude until `play` comes (control.c), and after the end. */
#define DT_DRV_COMPAT trendel_lsm6

#include <stdio.h>
#include <stdlib.h>
#include <zephyr/device.h>
#include <zephyr/drivers/emul.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/gpio/gpio_emul.h>
#include <zephyr/drivers/i2c.h>
#include <zephyr/drivers/i2c_emul.h>
#include <zephyr/kernel.h>

#include "cmdline.h"
#include "lsm6.h"
#include "native.h"
#include "posix_native_task.h"
#include "soc.h"

#define STEP_MS 1
#define REST_DT_NS 4807692.0 /* 208 Hz */
#define ODR_26_HZ 2 /* code in CTRL1_XL; each next one is twice as fast */
#define ODR_26_HZ_NS (1e9 / 26.0)

static const struct gpio_dt_spec line = GPIO_DT_SPEC_INST_GET(0, irq_gpios);
static const trendel_imu_sample_t flat = {.acc = {0, 0, 2048}};
static sim_lsm6_t sim;
static char *file_name;
static double dt_ns, interval_ppm;

static uint64_t now_ns(void) {
    return app_now_us() * 1000u;
}

int32_t imu_interval_ppm(void) {
    return interval_ppm == interval_ppm ? (int32_t)interval_ppm : 0; /* NaN: not given */
}

static void open_recording(void) {
    const trendel_imu_sample_t *samples = &flat;
    long n = 1;
    FILE *file = file_name != NULL ? fopen(file_name, "rb") : NULL;
    if (file != NULL) {
        (void)fseek(file, 0, SEEK_END);
        n = ftell(file) / (long)sizeof flat;
        rewind(file);
        trendel_imu_sample_t *room = malloc((size_t)n * sizeof flat);
        if (room == NULL || n == 0 || fread(room, sizeof flat, (size_t)n, file) != (size_t)n)
            posix_print_error_and_exit("%s holds no samples\n", file_name);
        samples = room;
        (void)fclose(file);
    } else if (file_name != NULL) {
        posix_print_error_and_exit("%s cannot be read\n", file_name);
    }
    sim_lsm6_open(&sim, samples, (uint32_t)n, dt_ns > 0.0 ? dt_ns : REST_DT_NS);
    sim.follows = true;
    sim.row_odr = ODR_26_HZ;
    for (double ns = sim.dt_ns; ns < ODR_26_HZ_NS / 1.41; ns *= 2.0)
        sim.row_odr++;
    sim.play_ns = 1e18; /* not yet */
    for (uint32_t axis = 0; axis < 3u; axis++)
        sim.rest.acc[axis] = samples[0].acc[axis];
}

void native_imu_play(void) {
    const uint32_t discard_n = app_clip.imu.discard_n;
    sim_lsm6_play(&sim, now_ns(), discard_n > 0u ? app_clip.imu.taken_n + discard_n : 0u);
}

void native_imu_break(bool deaf, bool stuck) {
    sim.deaf = deaf;
    sim.stuck = stuck;
}

/* The line follows what the registers say, looked at each millisecond. */
static void step(struct k_timer *timer) {
    static bool up;
    static int64_t moved_ms;
    ARG_UNUSED(timer);
    sim_lsm6_advance(&sim, now_ns());
    bool now = sim.irq_ns != 0u;
    sim.irq_ns = 0;
    if (!app_clip.sampling.streaming && k_uptime_get() - moved_ms >= 50) {
        moved_ms = k_uptime_get();
        now = sim_lsm6_moved(&sim, now_ns());
    }
    if (now && up)
        (void)gpio_emul_input_set(line.port, line.pin, 0);
    if (now != up || now)
        (void)gpio_emul_input_set(line.port, line.pin, now ? 1 : 0);
    up = now;
}

static K_TIMER_DEFINE(stepper, step, NULL);

static int transfer(const struct emul *target, struct i2c_msg *messages, int n, int address) {
    ARG_UNUSED(target);
    ARG_UNUSED(address);
    sim_lsm6_advance(&sim, now_ns());
    if (n < 1 || (messages[0].flags & I2C_MSG_READ) != 0u || messages[0].len < 1u)
        return -EIO;
    const uint8_t reg = messages[0].buf[0];
    if (n == 2 && (messages[1].flags & I2C_MSG_READ) != 0u)
        return sim.bus.read(&sim, reg, messages[1].buf, messages[1].len) == 0 ? 0 : -EIO;
    if (n == 1 && messages[0].len == 2u)
        return sim.bus.write(&sim, reg, messages[0].buf[1]) == 0 ? 0 : -EIO;
    return -EIO;
}

static const struct i2c_emul_api api = {.transfer = transfer};

static int start(const struct emul *target, const struct device *parent) {
    ARG_UNUSED(target);
    ARG_UNUSED(parent);
    open_recording();
    k_timer_start(&stepper, K_MSEC(STEP_MS), K_MSEC(STEP_MS));
    return 0;
}

DEVICE_DT_INST_DEFINE(0, NULL, NULL, NULL, NULL, POST_KERNEL, CONFIG_KERNEL_INIT_PRIORITY_DEVICE, NULL);
EMUL_DT_INST_DEFINE(0, start, NULL, NULL, &api, NULL);

static void add_options(void) {
    static struct args_struct_t options[] = {
        {.option = "imu", .name = "path", .type = 's', .dest = &file_name, .descript = "recording for the IMU"},
        {.option = "imu-dt", .name = "ns", .type = 'd', .dest = &dt_ns, .descript = "interval of its samples"},
        {.option = "imu-ppm", .name = "ppm", .type = 'd', .dest = &interval_ppm, .descript = "interval off the chip's"},
        ARG_TABLE_ENDMARKER};
    native_add_command_line_opts(options);
}

NATIVE_TASK(add_options, PRE_BOOT_1, 10);
