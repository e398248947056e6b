/* Bluetooth LE: advertising, the connection, the stream service. */
#include <stdlib.h>
#include <string.h>
#include <zephyr/bluetooth/bluetooth.h>
#include <zephyr/bluetooth/conn.h>
#include <zephyr/bluetooth/gatt.h>
#include <zephyr/bluetooth/services/bas.h>
#include <zephyr/bluetooth/uuid.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/settings/settings.h>

#include "app.h"

LOG_MODULE_REGISTER(radio, LOG_LEVEL_INF);

#define SENT_MAX 4          /* notifications on their way; the rest of the buffers is for management */
#define FAST_FOR_MS 30000   /* advertised quickly at first, then to save power slowly */
#define RETRY_MS 200        /* a connection that has just ended still holds its place */
#define NAME_ALONE 8u       /* bytes of the name that advertising data has room for beside the service ... */
#define NAME_BESIDE_ALERT 3u /* ... and the alert */
#define NOT_KNOWN 0xffu     /* battery */
#define ATT_HEADER 3u
#define COMPANY_TEST 0xffff /* Bluetooth SIG: for use before a number of one's own */

/* host/trendel/wire/gatt.py */
#define STREAM_SERVICE BT_UUID_128_ENCODE(0xb7a10001, 0x6c1e, 0x4f0a, 0x9b52, 0x3d2e8f417c60)
#define STREAM_PACKETS BT_UUID_128_ENCODE(0xb7a10002, 0x6c1e, 0x4f0a, 0x9b52, 0x3d2e8f417c60)

static struct bt_conn *connection; /* one at most */
static atomic_t subscribed, sent_n, alert;
static bool advertise;
static int64_t fast_until_ms;

/* ---- the stream service ---- */

static void subscription(const struct bt_gatt_attr *attribute, uint16_t value) {
    ARG_UNUSED(attribute);
    (void)atomic_set(&subscribed, (value & BT_GATT_CCC_NOTIFY) != 0u);
    app_post(APP_HOST);
}

BT_GATT_SERVICE_DEFINE(stream, BT_GATT_PRIMARY_SERVICE(BT_UUID_DECLARE_128(STREAM_SERVICE)),
                       BT_GATT_CHARACTERISTIC(BT_UUID_DECLARE_128(STREAM_PACKETS), BT_GATT_CHRC_NOTIFY,
                                              BT_GATT_PERM_NONE, NULL, NULL, NULL),
                       BT_GATT_CCC(subscription, BT_GATT_PERM_READ | BT_GATT_PERM_WRITE));

static void sent(struct bt_conn *conn, void *unused) {
    ARG_UNUSED(conn);
    ARG_UNUSED(unused);
    (void)atomic_dec(&sent_n);
    app_post(APP_PUMP);
}

bool radio_send(const uint8_t *packet, size_t n) {
    if (atomic_get(&sent_n) >= SENT_MAX || connection == NULL)
        return false;
    struct bt_gatt_notify_params params = {.attr = &stream.attrs[2], .data = packet, .len = (uint16_t)n, .func = sent};
    (void)atomic_inc(&sent_n);
    const int error = bt_gatt_notify_cb(connection, &params);
    if (error != 0)
        (void)atomic_dec(&sent_n);
    return error == 0;
}

trendel_host_t radio_host(void) {
    struct bt_conn *now = connection;
    const uint16_t mtu = now != NULL ? bt_gatt_get_mtu(now) : 0u;
    return (trendel_host_t){.connected = now != NULL,
                            .subscribed = now != NULL && atomic_get(&subscribed) != 0,
                            .payload_n = (uint16_t)(mtu > ATT_HEADER ? mtu - ATT_HEADER : 0u)};
}

static void mtu_updated(struct bt_conn *conn, uint16_t tx, uint16_t rx) {
    ARG_UNUSED(conn);
    ARG_UNUSED(tx);
    ARG_UNUSED(rx);
    app_post(APP_HOST);
}

static struct bt_gatt_cb gatt_callbacks = {.att_mtu_updated = mtu_updated};

/* ---- advertising ---- */

static void advertise_now(struct k_work *work);
static K_WORK_DELAYABLE_DEFINE(advertising, advertise_now);

static void advertise_now(struct k_work *work) {
    ARG_UNUSED(work);
    (void)bt_le_adv_stop();
    if (!advertise || connection != NULL)
        return;
    const char *name = bt_get_name();
    const uint8_t alerting = (uint8_t)atomic_get(&alert);
    const uint8_t said[] = {COMPANY_TEST & 0xff, COMPANY_TEST >> 8, alerting};
    const size_t name_n = strlen(name), room = alerting != 0u ? NAME_BESIDE_ALERT : NAME_ALONE;
    const struct bt_data data[] = {
        BT_DATA_BYTES(BT_DATA_FLAGS, BT_LE_AD_GENERAL | BT_LE_AD_NO_BREDR),
        BT_DATA_BYTES(BT_DATA_UUID128_ALL, STREAM_SERVICE),
        BT_DATA(name_n <= room ? BT_DATA_NAME_COMPLETE : BT_DATA_NAME_SHORTENED, name, MIN(name_n, room)),
        BT_DATA(BT_DATA_MANUFACTURER_DATA, said, sizeof said)};
    const struct bt_data answer[] = {BT_DATA(BT_DATA_NAME_COMPLETE, name, name_n)};
    const bool fast = k_uptime_get() < fast_until_ms || alerting != 0u;
    const struct bt_le_adv_param *how =
        fast ? BT_LE_ADV_PARAM(BT_LE_ADV_OPT_CONNECTABLE | BT_LE_ADV_OPT_ONE_TIME | BT_LE_ADV_OPT_USE_IDENTITY,
                               BT_GAP_ADV_FAST_INT_MIN_2, BT_GAP_ADV_FAST_INT_MAX_2, NULL)
             : BT_LE_ADV_PARAM(BT_LE_ADV_OPT_CONNECTABLE | BT_LE_ADV_OPT_ONE_TIME | BT_LE_ADV_OPT_USE_IDENTITY,
                               BT_GAP_ADV_SLOW_INT_MIN, BT_GAP_ADV_SLOW_INT_MAX, NULL);
    const size_t data_n = ARRAY_SIZE(data) - (alerting != 0u ? 0u : 1u);
    const int error = bt_le_adv_start(how, data, data_n, answer, ARRAY_SIZE(answer));
    if (error != 0)
        (void)k_work_reschedule(&advertising, K_MSEC(RETRY_MS));
    else if (fast && alerting == 0u)
        (void)k_work_reschedule(&advertising, K_TIMEOUT_ABS_MS(fast_until_ms + 1));
}

static void advertise_soon(void) {
    fast_until_ms = k_uptime_get() + FAST_FOR_MS;
    (void)k_work_reschedule(&advertising, K_NO_WAIT);
}

void radio_show(const trendel_outputs_t *outputs) {
    if (advertise == outputs->advertising && atomic_get(&alert) == outputs->advertised)
        return;
    advertise = outputs->advertising;
    (void)atomic_set(&alert, outputs->advertised);
    advertise_soon();
}

void radio_rename(void) {
    char name[CONFIG_BT_DEVICE_NAME_MAX + 1] = CONFIG_BT_DEVICE_NAME;
    if (app_clip.name[0] != '\0')
        (void)memcpy(name, app_clip.name, MIN(sizeof app_clip.name, sizeof name - 1u));
    name[sizeof name - 1u] = '\0';
    (void)bt_set_name(name);
    advertise_soon();
}

void radio_level(uint8_t percent) {
    if (percent != NOT_KNOWN && percent != bt_bas_get_battery_level())
        (void)bt_bas_set_battery_level(percent);
}

/* ---- the connection ---- */

static void connected(struct bt_conn *conn, uint8_t error) {
    if (error != 0u) {
        advertise_soon();
        return;
    }
    connection = bt_conn_ref(conn);
    (void)atomic_clear(&sent_n);
    app_post(APP_HOST);
}

static void disconnected(struct bt_conn *conn, uint8_t reason) {
    LOG_INF("host gone, reason 0x%02x", reason);
    if (conn != connection)
        return;
    connection = NULL;
    (void)atomic_clear(&subscribed);
    bt_conn_unref(conn);
    app_post(APP_HOST);
    advertise_soon();
}

BT_CONN_CB_DEFINE(connection_callbacks) = {.connected = connected, .disconnected = disconnected};

static void describe(void) {
    char serial[2 * sizeof app_clip.world.identity.serial + 1];
    const trendel_identity_t *identity = &app_clip.world.identity;
    char firmware[16], hardware[8];
    (void)snprintk(serial, sizeof serial, "%08x%08x", (uint32_t)(identity->serial >> 32), (uint32_t)identity->serial);
    (void)snprintk(firmware, sizeof firmware, "%u.%u.%u%s", identity->firmware[0], identity->firmware[1],
                   identity->firmware[2], identity->firmware[3] != 0u ? "+" : "");
    (void)snprintk(hardware, sizeof hardware, "%u", identity->hardware);
    (void)settings_runtime_set("bt/dis/serial", serial, strlen(serial) + 1u);
    (void)settings_runtime_set("bt/dis/fw", firmware, strlen(firmware) + 1u);
    (void)settings_runtime_set("bt/dis/hw", hardware, strlen(hardware) + 1u);
}

int radio_init(void) {
    int error = bt_enable(NULL);
    if (error != 0)
        return error;
    error = settings_load(); /* bonds, identity */
    bt_gatt_cb_register(&gatt_callbacks);
    const int secured = security_init();
    describe();
    app_lock();
    advertise = app_clip.outputs.advertising;
    app_unlock();
    radio_rename();
    return error != 0 ? error : secured;
}
