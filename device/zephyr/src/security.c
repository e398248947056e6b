/* Who may manage the clip: a host that is bonded, and bonds are made only for a while after the button or a reset.
 *
 * A clip has neither display nor keys, so pairing is "just works" of LE Secure Connections: it keeps out whoever comes
 * later or only listens, not an attacker who takes part in the radio traffic of that very minute. */
#include <zephyr/bluetooth/bluetooth.h>
#include <zephyr/bluetooth/conn.h>
#include <zephyr/bluetooth/gatt.h>
#include <zephyr/bluetooth/hci.h>
#include <zephyr/bluetooth/uuid.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

#include "app.h"

LOG_MODULE_REGISTER(security, LOG_LEVEL_INF);

#define WINDOW_MS (CONFIG_TRENDEL_PAIRING_S * 1000)
#define SMP_CHARACTERISTIC BT_UUID_128_ENCODE(0xda2e7828, 0xfbce, 0x4e01, 0xae9e, 0x261174997c48)

static atomic_t open;

static void close_window(struct k_work *work) {
    ARG_UNUSED(work);
    (void)atomic_clear(&open);
    board_show_pairing(false);
}

static K_WORK_DELAYABLE_DEFINE(closing, close_window);

void security_open_window(void) {
    (void)atomic_set(&open, 1);
    board_show_pairing(true);
    (void)k_work_reschedule(&closing, K_MSEC(WINDOW_MS));
}

static enum bt_security_err pairing_accept(struct bt_conn *conn, const struct bt_conn_pairing_feat *const wanted) {
    ARG_UNUSED(conn);
    ARG_UNUSED(wanted);
    if (atomic_get(&open) != 0)
        return BT_SECURITY_ERR_SUCCESS;
    LOG_WRN("pairing refused: its window is closed");
    app_fault(TRENDEL_FAULT_BONDS_REFUSED);
    return BT_SECURITY_ERR_PAIR_NOT_ALLOWED;
}

static const struct bt_conn_auth_cb asked = {.pairing_accept = pairing_accept};

/* A host that says it is bonded and is not, or has other keys. It stays connected, and streams as anybody may. */
static void security_changed(struct bt_conn *conn, bt_security_t level, enum bt_security_err error) {
    ARG_UNUSED(conn);
    ARG_UNUSED(level);
    if (error == BT_SECURITY_ERR_PIN_OR_KEY_MISSING || error == BT_SECURITY_ERR_AUTH_FAIL)
        app_fault(TRENDEL_FAULT_BONDS_REFUSED);
}

/* A controller does not tell a peripheral that a key was asked for in vain; the host that asked leaves for a reason. */
static void left(struct bt_conn *conn, uint8_t reason) {
    ARG_UNUSED(conn);
    if (reason == BT_HCI_ERR_AUTH_FAIL || reason == BT_HCI_ERR_PIN_OR_KEY_MISSING ||
        reason == BT_HCI_ERR_TERM_DUE_TO_MIC_FAIL)
        app_fault(TRENDEL_FAULT_BONDS_REFUSED);
}

BT_CONN_CB_DEFINE(security_callbacks) = {.security_changed = security_changed, .disconnected = left};

#ifndef CONFIG_MCUMGR_TRANSPORT_BT_PERM_RW_ENCRYPT
/* Zephyr up to 3.4 gives MCUmgr's characteristic either no protection or one against attackers in the middle, which a
 * clip cannot have. With BONDING_REQUIRED and SC_PAIR_ONLY an encrypted link is a bonded one of Secure Connections. */
static uint8_t protect(const struct bt_gatt_attr *attribute, uint16_t handle, void *found) {
    ARG_UNUSED(handle);
    /* Writes without response fail silently: a host learns from the subscription that it has to pair. */
    struct bt_gatt_attr *subscription = bt_gatt_attr_next(attribute);
    ((struct bt_gatt_attr *)attribute)->perm = BT_GATT_PERM_WRITE_ENCRYPT;
    if (subscription != NULL)
        subscription->perm = BT_GATT_PERM_READ | BT_GATT_PERM_WRITE_ENCRYPT;
    *(bool *)found = subscription != NULL;
    return BT_GATT_ITER_CONTINUE;
}

static int protect_management(void) {
    bool found = false;
    bt_gatt_foreach_attr_type(BT_ATT_FIRST_ATTRIBUTE_HANDLE, BT_ATT_LAST_ATTRIBUTE_HANDLE,
                              BT_UUID_DECLARE_128(SMP_CHARACTERISTIC), NULL, 0, protect, &found);
    return found ? 0 : -ENOENT;
}
#else
static int protect_management(void) {
    return 0;
}
#endif

int security_init(void) {
    const int error = bt_conn_auth_cb_register(&asked);
    if (app_clip.faults.reset_reason == TRENDEL_RESET_PIN) /* the only button that a bare XIAO has */
        security_open_window();
    return error != 0 ? error : protect_management();
}
