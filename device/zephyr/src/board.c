/* Light, vibration, button, battery, charger, watchdog, reasons of resets, who the clip is. */
#include <string.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/reboot.h>

#ifdef CONFIG_ADC
#include <zephyr/drivers/adc.h>
#endif
#ifdef CONFIG_HWINFO
#include <zephyr/drivers/hwinfo.h>
#endif
#ifdef CONFIG_WATCHDOG
#include <zephyr/drivers/watchdog.h>
#endif
#include <zephyr/fatal.h>
#if __has_include(<zephyr/version.h>)
#include <zephyr/version.h>
#else
#include <version.h>
#endif

#include "app.h"
#include "app_version.h"
#include "trendel_build.h"

#define CLIP DT_COMPAT_GET_ANY_STATUS_OKAY(trendel_clip)
#define SENSOR_LSM6DS3TR_C 0x6a
#define WATCHDOG_MS 8000
#define DEBOUNCE_MS 30
#define CHARGER_MS 2000

static const struct gpio_dt_spec light = GPIO_DT_SPEC_GET_OR(CLIP, light_gpios, {0});
static const struct gpio_dt_spec vibration = GPIO_DT_SPEC_GET_OR(CLIP, vibration_gpios, {0});
static const struct gpio_dt_spec button = GPIO_DT_SPEC_GET_OR(CLIP, button_gpios, {0});
static const struct gpio_dt_spec charging = GPIO_DT_SPEC_GET_OR(CLIP, charging_gpios, {0});

/* ---- light and vibration ---- */

static atomic_t alert_light, pairing_light;

static void set(const struct gpio_dt_spec *pin, bool on) {
    if (pin->port != NULL)
        (void)gpio_pin_set_dt(pin, on ? 1 : 0);
}

void board_show(const trendel_outputs_t *outputs) {
    (void)atomic_set(&alert_light, outputs->light);
    set(&light, outputs->light || atomic_get(&pairing_light) != 0);
    set(&vibration, outputs->vibration);
}

void board_show_pairing(bool open) {
    (void)atomic_set(&pairing_light, open);
    set(&light, open || atomic_get(&alert_light) != 0);
}

/* ---- button: opens the pairing window, and marks the run ---- */

static struct gpio_callback button_callback;

static void pressed_for_sure(struct k_work *work) {
    ARG_UNUSED(work);
    if (gpio_pin_get_dt(&button) <= 0)
        return;
    security_open_window();
    app_post(APP_MARK);
}

static K_WORK_DELAYABLE_DEFINE(press, pressed_for_sure);

static void pressed(const struct device *port, struct gpio_callback *callback, uint32_t pins) {
    ARG_UNUSED(port);
    ARG_UNUSED(callback);
    ARG_UNUSED(pins);
    (void)k_work_reschedule(&press, K_MSEC(DEBOUNCE_MS));
}

static void button_init(void) {
    if (button.port == NULL || gpio_pin_configure_dt(&button, GPIO_INPUT) != 0)
        return;
    gpio_init_callback(&button_callback, pressed, BIT(button.pin));
    (void)gpio_add_callback(button.port, &button_callback);
    (void)gpio_pin_interrupt_configure_dt(&button, GPIO_INT_EDGE_TO_ACTIVE);
}

/* ---- battery and charger ---- */

static void watch_charger(struct k_work *work);
static K_WORK_DELAYABLE_DEFINE(charger, watch_charger);

static void watch_charger(struct k_work *work) {
    static bool was;
    ARG_UNUSED(work);
    const bool now = gpio_pin_get_dt(&charging) > 0;
    if (now && !was)
        app_post(APP_CHARGER);
    was = now;
    (void)k_work_reschedule(&charger, K_MSEC(CHARGER_MS));
}

#if DT_NODE_HAS_PROP(CLIP, io_channels) && defined(CONFIG_ADC)
#define ADC_CHANNEL DT_IO_CHANNELS_INPUT(CLIP)

/* Lithium polymer at rest, 10 to 100 per cent in tens; a cell under load is some per cent better than it looks. */
static const uint16_t level_mv[] = {3300, 3680, 3740, 3770, 3790, 3820, 3870, 3920, 3980, 4060, 4180};

static const struct device *const adc = DEVICE_DT_GET(DT_IO_CHANNELS_CTLR(CLIP));
static const struct gpio_dt_spec divider = GPIO_DT_SPEC_GET_OR(CLIP, battery_enable_gpios, {0});

static uint8_t percent(int32_t mv) {
    if (mv <= level_mv[0])
        return 0;
    for (uint32_t i = 1; i < ARRAY_SIZE(level_mv); i++)
        if (mv < level_mv[i])
            return (uint8_t)(10 * (i - 1) + 10 * (mv - level_mv[i - 1]) / (level_mv[i] - level_mv[i - 1]));
    return 100;
}

trendel_battery_t board_battery(void) {
    static bool ready;
    int16_t raw = 0;
    const struct adc_channel_cfg channel = {.gain = ADC_GAIN_1_4, /* 0.6 V reference: up to 2.4 V */
                                            .reference = ADC_REF_INTERNAL,
                                            .acquisition_time = ADC_ACQ_TIME(ADC_ACQ_TIME_MICROSECONDS, 40),
                                            .channel_id = ADC_CHANNEL,
                                            .input_positive = 1 + ADC_CHANNEL};
    const struct adc_sequence sequence = {
        .channels = BIT(ADC_CHANNEL), .buffer = &raw, .buffer_size = sizeof raw, .resolution = 12, .oversampling = 4};
    if (!ready)
        ready = device_is_ready(adc) && adc_channel_setup(adc, &channel) == 0;
    const bool read = ready && adc_read(adc, &sequence) == 0;
    int32_t mv = raw;
    if (!read || adc_raw_to_millivolts(adc_ref_internal(adc), ADC_GAIN_1_4, 12, &mv) != 0)
        return (trendel_battery_t){255, UINT16_MAX};
    mv = (int32_t)((int64_t)mv * DT_PROP(CLIP, battery_full_ohms) / DT_PROP(CLIP, battery_output_ohms));
    mv = CLAMP(mv, 0, UINT16_MAX - 1);
    return (trendel_battery_t){percent(mv), (uint16_t)mv};
}

/* On for good: switched off, the XIAO's divider would put the whole battery voltage on the ADC's pin. */
static void battery_init(void) {
    if (divider.port != NULL)
        (void)gpio_pin_configure_dt(&divider, GPIO_OUTPUT_ACTIVE);
}
#else
__weak trendel_battery_t board_battery(void) {
    return (trendel_battery_t){255, UINT16_MAX};
}

static void battery_init(void) {
}
#endif

/* ---- resets ---- */

/* In RAM that no start clears: says after a reset what led to it. */
#define RAM_LIVES 0x54524e44u
static __noinit uint32_t ram_lives, fault_seen;

#if KERNEL_VERSION_NUMBER >= ZEPHYR_VERSION(3, 7, 0)
typedef struct arch_esf frame_t;
#else
typedef z_arch_esf_t frame_t;
#endif

void k_sys_fatal_error_handler(unsigned int reason, const frame_t *frame) {
    ARG_UNUSED(reason);
    ARG_UNUSED(frame);
    fault_seen = ram_lives;
    board_reboot();
    CODE_UNREACHABLE;
}

#ifdef CONFIG_HWINFO
uint8_t board_reset_reason(void) {
    uint32_t cause = 0;
    const bool lived = ram_lives == RAM_LIVES, faulted = lived && fault_seen == RAM_LIVES;
    ram_lives = RAM_LIVES;
    fault_seen = 0;
    if (hwinfo_get_reset_cause(&cause) != 0)
        return TRENDEL_RESET_UNKNOWN;
    (void)hwinfo_clear_reset_cause();
    if (faulted)
        return TRENDEL_RESET_FAULT;
    if ((cause & RESET_WATCHDOG) != 0u)
        return TRENDEL_RESET_WATCHDOG;
    if ((cause & RESET_PIN) != 0u)
        return TRENDEL_RESET_PIN;
    if ((cause & RESET_SOFTWARE) != 0u)
        return TRENDEL_RESET_SOFTWARE;
    /* nRF52 has no flag for it: power on and brown-out differ in whether RAM has kept its contents. */
    return lived ? TRENDEL_RESET_BROWNOUT : TRENDEL_RESET_POWER_ON;
}
#else
__weak uint8_t board_reset_reason(void) {
    return TRENDEL_RESET_POWER_ON;
}
#endif

void board_reboot(void) {
    sys_reboot(SYS_REBOOT_COLD);
}

/* ---- watchdog: the clip's thread has to come round ---- */

#ifdef CONFIG_WATCHDOG
static const struct device *const watchdog = DEVICE_DT_GET(DT_ALIAS(watchdog0));
static int watchdog_channel = -1;

void board_watchdog_start(void) {
    const struct wdt_timeout_cfg config = {.window = {.max = WATCHDOG_MS}, .flags = WDT_FLAG_RESET_SOC};
    if (!device_is_ready(watchdog))
        return;
    watchdog_channel = wdt_install_timeout(watchdog, &config);
    if (watchdog_channel >= 0 && wdt_setup(watchdog, WDT_OPT_PAUSE_HALTED_BY_DBG) != 0)
        watchdog_channel = -1;
}

void board_watchdog_feed(void) {
    if (watchdog_channel >= 0)
        (void)wdt_feed(watchdog, watchdog_channel);
}
#else
void board_watchdog_start(void) {
}

void board_watchdog_feed(void) {
}
#endif

/* ---- who ---- */

__weak uint64_t board_serial(void) {
    uint64_t serial = 0;
#ifdef CONFIG_HWINFO
    uint8_t id[sizeof serial] = {0};
    if (hwinfo_get_device_id(id, sizeof id) > 0)
        memcpy(&serial, id, sizeof serial);
#endif
    return serial;
}

void board_identity(trendel_identity_t *identity) {
    *identity = (trendel_identity_t){
        .serial = board_serial(),
        .firmware = {APP_VERSION_MAJOR, APP_VERSION_MINOR, APP_PATCHLEVEL, TRENDEL_BUILD_CHANGED},
        .firmware_hash = TRENDEL_BUILD_HASH,
        .hardware = CONFIG_TRENDEL_BOARD,
        .sensor = SENSOR_LSM6DS3TR_C,
    };
}

void board_init(void) {
    const struct gpio_dt_spec *const outputs[] = {&light, &vibration};
    for (size_t i = 0; i < ARRAY_SIZE(outputs); i++)
        if (outputs[i]->port != NULL)
            (void)gpio_pin_configure_dt(outputs[i], GPIO_OUTPUT_INACTIVE);
    if (charging.port != NULL) {
        (void)gpio_pin_configure_dt(&charging, GPIO_INPUT);
        (void)k_work_reschedule(&charger, K_MSEC(CHARGER_MS));
    }
    battery_init();
    button_init();
}
