/* Running Speed and Cadence (0x1814), for watches and phone programs; off unless trendel/rsc says otherwise.
 *
 * Its speed field is mandatory, and the clip has no model of stride length: it says 0, and never makes up a number.
 * Cadence is steps a minute of both feet, as most receivers show it. */
#include <zephyr/bluetooth/bluetooth.h>
#include <zephyr/bluetooth/gatt.h>
#include <zephyr/bluetooth/uuid.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/byteorder.h>

#include "app.h"

#define EVERY_US 1000000u
#define FRESH_US 5000000u /* a stride older than this is no longer run */
#define FLAG_RUNNING 4u
#define LOCATION_HIP 3u
#define MEASUREMENT_N 4u

static ssize_t read_feature(struct bt_conn *conn, const struct bt_gatt_attr *attribute, void *into, uint16_t n,
                            uint16_t offset) {
    const uint16_t nothing_more = sys_cpu_to_le16(FLAG_RUNNING); /* it tells walking from running */
    return bt_gatt_attr_read(conn, attribute, into, n, offset, &nothing_more, sizeof nothing_more);
}

static ssize_t read_location(struct bt_conn *conn, const struct bt_gatt_attr *attribute, void *into, uint16_t n,
                             uint16_t offset) {
    const uint8_t location = LOCATION_HIP;
    return bt_gatt_attr_read(conn, attribute, into, n, offset, &location, sizeof location);
}

static struct bt_gatt_attr attributes[] = {
    BT_GATT_PRIMARY_SERVICE(BT_UUID_RSCS),
    BT_GATT_CHARACTERISTIC(BT_UUID_RSC_MEASUREMENT, BT_GATT_CHRC_NOTIFY, BT_GATT_PERM_NONE, NULL, NULL, NULL),
    BT_GATT_CCC(NULL, BT_GATT_PERM_READ | BT_GATT_PERM_WRITE),
    BT_GATT_CHARACTERISTIC(BT_UUID_RSC_FEATURE, BT_GATT_CHRC_READ, BT_GATT_PERM_READ, read_feature, NULL, NULL),
    BT_GATT_CHARACTERISTIC(BT_UUID_SENSOR_LOCATION, BT_GATT_CHRC_READ, BT_GATT_PERM_READ, read_location, NULL, NULL),
};
static struct bt_gatt_service service = BT_GATT_SERVICE(attributes);

static uint8_t cadence(uint64_t now_us) {
    const uint32_t waiting_n = app_clip.recorder.stride_n;
    if (waiting_n == 0u)
        return 0;
    const trendel_stride_t *last = &app_clip.recorder.strides[waiting_n - 1u];
    if ((uint32_t)(now_us / 1000u) - last->ic_ms > FRESH_US / 1000u || last->stride_time_ms == 0u)
        return 0;
    const float stride_s = (float)last->stride_time_ms / (1000.0f * TRENDEL_STRIDE_STRIDE_TIME_MS_PER_UNIT);
    const float steps_per_minute = 120.0f / stride_s;
    return steps_per_minute < 255.0f ? (uint8_t)(steps_per_minute + 0.5f) : 255u;
}

void rsc_tick(void) {
    static bool offered;
    static uint64_t told_us;
    static uint8_t kept;
    const uint64_t now_us = app_now_us();
    if ((app_clip.rsc != 0u) != offered) {
        const int error = offered ? bt_gatt_service_unregister(&service) : bt_gatt_service_register(&service);
        offered = error == 0 ? !offered : offered;
    }
    if (!offered || now_us - told_us < EVERY_US)
        return;
    told_us = now_us;
    const bool running = app_clip.sampling.state == TRENDEL_STATE_RUN;
    const uint8_t now = cadence(now_us);
    if (now != 0u || !running)
        kept = now; /* strides were just committed: the newest is no longer here for a moment */
    uint8_t said[MEASUREMENT_N] = {kept != 0u ? FLAG_RUNNING : 0u, 0, 0, kept};
    (void)bt_gatt_notify(NULL, &attributes[1], said, sizeof said); /* nobody listens: no fault */
}
