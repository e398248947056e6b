/* The clip's thread: device/core on a board. app.h lists the threads. */
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

#include "app.h"
#include "trendel_build.h"

LOG_MODULE_REGISTER(clip, LOG_LEVEL_INF);

#define STREAMING_TICK_MS 50 /* TRENDEL_CLIP_TICK_US */
#define IDLE_TICK_MS 500     /* nothing is shown, sampled or sent that would need it sooner */
#define STACK_LOW_PART 8     /* a stack with less than one part in so many never used is low */
#define RECORDS_QUOTA 280

trendel_clip_t app_clip;

static K_MUTEX_DEFINE(lock);
static K_EVENT_DEFINE(events);
static atomic_t faults[TRENDEL_FAULTS_N];

void app_lock(void) {
    (void)k_mutex_lock(&lock, K_FOREVER);
}

void app_unlock(void) {
    (void)k_mutex_unlock(&lock);
}

uint64_t app_now_us(void) {
    return k_ticks_to_us_floor64((uint64_t)k_uptime_ticks());
}

void app_post(uint32_t posted) {
    (void)k_event_post(&events, posted);
}

void app_fault(uint32_t fault) {
    (void)atomic_inc(&faults[fault]);
    app_post(APP_FAULT);
}

static void count_faults(void) {
    for (uint32_t i = 0; i < TRENDEL_FAULTS_N; i++)
        for (atomic_val_t n = atomic_clear(&faults[i]); n > 0; n--)
            trendel_clip_fault(&app_clip, i);
}

/* ---- the port ---- */

/* The stream goes to whoever subscribed last, radio or USB. */
static enum { NOBODY, RADIO, USB } owner;

static bool send(void *context, const uint8_t *packet, size_t n) {
    ARG_UNUSED(context);
    return owner == USB ? usb_send(packet, n) : radio_send(packet, n);
}

static void show(void *context, const trendel_outputs_t *outputs) {
    ARG_UNUSED(context);
    board_show(outputs);
    radio_show(outputs);
}

static trendel_battery_t battery(void *context) {
    ARG_UNUSED(context);
    const trendel_battery_t now = board_battery();
    radio_level(now.percent);
    return now;
}

static void hosts_changed(void) {
    static bool radio_had, usb_had;
    const trendel_host_t nobody = {0}, radio = radio_host(), usb = usb_host();
    const int before = owner;
    if (usb.subscribed && !usb_had)
        owner = USB;
    else if (radio.subscribed && !radio_had)
        owner = RADIO;
    if (owner == USB && !usb.subscribed)
        owner = radio.subscribed ? RADIO : NOBODY;
    if (owner == RADIO && !radio.subscribed)
        owner = usb.subscribed ? USB : NOBODY;
    radio_had = radio.subscribed;
    usb_had = usb.subscribed;
    if (owner != before && before != NOBODY && owner != NOBODY)
        trendel_clip_host(&app_clip, &nobody, app_now_us()); /* the new one is to hear the hello too */
    trendel_clip_host(&app_clip, owner == USB || (usb.connected && !radio.connected) ? &usb : &radio, app_now_us());
}

/* ---- the loop ---- */

static void watch_stack(const struct k_thread *thread, void *low) {
    size_t unused = 0;
    if (k_thread_stack_space_get(thread, &unused) == 0 && unused < thread->stack_info.size / STACK_LOW_PART)
        *(bool *)low = true;
}

static void each_minute(void) {
    static bool told;
    bool low = false;
    k_thread_foreach_unlocked(watch_stack, &low);
    if (low && !told)
        trendel_clip_fault(&app_clip, TRENDEL_FAULT_STACK_LOW);
    told = told || low;
}

static void serve(uint32_t posted) {
    const uint64_t irq_us = imu_take_irq_us();
    if ((posted & APP_FAULT) != 0u)
        count_faults();
    if ((posted & APP_HOST) != 0u)
        hosts_changed();
    if ((posted & APP_CHARGER) != 0u)
        trendel_clip_charger(&app_clip, app_now_us());
    if ((posted & APP_MARK) != 0u)
        trendel_clip_mark(&app_clip, app_now_us());
    if (irq_us != 0u)
        trendel_clip_irq(&app_clip, irq_us, app_now_us());
    if (app_clip.sampling.streaming && imu_line_is_up())
        trendel_clip_irq(&app_clip, 0, app_now_us()); /* the level never fell: no further edge would come */
    trendel_clip_tick(&app_clip, app_now_us());
    rsc_tick();
}

static int start(void) {
    static const trendel_kernels_t kernels = {trendel_init, trendel_step, TRENDEL_LAYOUT_HASH, TRENDEL_KERNEL_HASH};
    trendel_world_t world = {.port = {NULL, send, show, battery, storage_load, storage_store},
                             .kernels = kernels,
                             .bus = imu_bus(),
                             .flash = storage_log(),
                             .records_quota = RECORDS_QUOTA,
                             .interval_ppm = imu_interval_ppm()};
    board_identity(&world.identity);
    return trendel_clip_start(&app_clip, &world, board_reset_reason(), app_now_us());
}

int main(void) {
    board_init();
    board_watchdog_start(); /* an image on trial that hangs in its start is reverted too */
    const int stored = storage_init(), imu = imu_init();
    if (stored != 0 || imu != 0)
        LOG_ERR("storage %d, IMU %d: the clip goes on without", stored, imu);
    board_watchdog_feed(); /* flash that fails takes its time, and is no reason to start again */
    app_lock();
    const int started = start();
    board_watchdog_feed();
    images_check();
    app_unlock();
    board_watchdog_feed();
    LOG_INF("boot %u, log %d", app_clip.log.boot_n, started);
    management_settings_init();
    const int files = files_init();
    images_init();
    const int radio = radio_init();
    board_watchdog_feed();
    const int usb = usb_init();
    if (radio == 0)
        LOG_INF("radio is up");
    if (files != 0 || radio != 0 || usb != 0)
        LOG_ERR("files %d, radio %d, USB %d", files, radio, usb);
    for (int64_t minute = 0;;) {
        const trendel_outputs_t *shown = &app_clip.outputs;
        const bool busy =
            app_clip.sampling.streaming || app_clip.host.subscribed || shown->light || shown->vibration;
        const uint32_t posted =
            k_event_wait(&events, UINT32_MAX, false, K_MSEC(busy ? STREAMING_TICK_MS : IDLE_TICK_MS));
        k_event_set_masked(&events, 0, posted);
        app_lock();
        serve(posted);
        if (k_uptime_get() - minute >= 60000) {
            minute = k_uptime_get();
            each_minute();
        }
        app_unlock();
        board_watchdog_feed();
    }
    return 0;
}
