/* Settings `trendel/...` for MCUmgr's settings group. Nothing else of the store is reached: bonds are in there. */
#include <errno.h>
#include <string.h>
#include <zephyr/kernel.h>
#include <zephyr/mgmt/mcumgr/grp/settings_mgmt/settings_mgmt.h>
#include <zephyr/mgmt/mcumgr/grp/settings_mgmt/settings_mgmt_callbacks.h>
#include <zephyr/mgmt/mcumgr/mgmt/callbacks.h>
#include <zephyr/mgmt/mcumgr/mgmt/mgmt.h>
#include <zephyr/settings/settings.h>

#include "app.h"

#define TREE "trendel/"
#define VALUE_MAX CONFIG_MCUMGR_GRP_SETTINGS_VALUE_LEN

BUILD_ASSERT(VALUE_MAX >= sizeof(trendel_params_t) + 8u, "trendel/params does not fit a request");

static int answer(int result) {
    switch (result) {
    case TRENDEL_SETTING_OK:
        return 0;
    case TRENDEL_SETTING_UNKNOWN_KEY:
    case TRENDEL_SETTING_MISSING:
        return -EINVAL; /* settings_mgmt says: key not found */
    case TRENDEL_SETTING_ACCESS:
        return -ENOTSUP;
    default:
        return -EBADMSG;
    }
}

static int written(const char *name, size_t n, settings_read_cb read, void *from) {
    static uint8_t value[VALUE_MAX]; /* MCUmgr has one thread */
    if (n > sizeof value)
        return -EBADMSG;
    const ssize_t got = n > 0u ? read(from, value, n) : 0;
    if (got < 0)
        return -EIO;
    app_lock();
    const uint32_t key = trendel_clip_key(name, strlen(name));
    const int result = key < TRENDEL_KEYS_N
                           ? trendel_clip_setting_write(&app_clip, key, value, (size_t)got, app_now_us())
                           : TRENDEL_SETTING_UNKNOWN_KEY;
    app_unlock();
    if (result == TRENDEL_SETTING_OK && key == TRENDEL_KEY_NAME)
        radio_rename();
    return answer(result);
}

static int wanted(const char *name, char *value, int room) {
    size_t n = 0;
    app_lock();
    const uint32_t key = trendel_clip_key(name, strlen(name));
    const int result = key < TRENDEL_KEYS_N
                           ? trendel_clip_setting_read(&app_clip, key, (uint8_t *)value, (size_t)room, &n)
                           : TRENDEL_SETTING_UNKNOWN_KEY;
    app_unlock();
    return result == TRENDEL_SETTING_OK ? (int)n : answer(result);
}

SETTINGS_STATIC_HANDLER_DEFINE(trendel, "trendel", wanted, written, NULL, NULL);

/* A refused or deleted key is answered here: MCUmgr would delete it from the store by a name that it does not have. */
static enum mgmt_cb_return access(uint32_t event, enum mgmt_cb_return before, int32_t *rc, uint16_t *group,
                                  bool *abort_more, void *data, size_t data_size) {
    ARG_UNUSED(event);
    ARG_UNUSED(before);
    ARG_UNUSED(abort_more);
    ARG_UNUSED(data_size);
    const struct settings_mgmt_access *asked = data;
    const bool whole_store = asked->access == SETTINGS_ACCESS_COMMIT || asked->access == SETTINGS_ACCESS_LOAD ||
                             asked->access == SETTINGS_ACCESS_SAVE;
    *group = MGMT_GROUP_ID_SETTINGS;
    if (whole_store) {
        *rc = MGMT_ERR_EOK; /* each write is kept at once: there is nothing to commit, load or save */
        return MGMT_CB_ERROR_RC;
    }
    const char *name = asked->name;
    if (name == NULL || strncmp(name, TREE, sizeof TREE - 1) != 0) {
        *rc = SETTINGS_MGMT_ERR_KEY_NOT_FOUND;
        app_fault(TRENDEL_FAULT_WRITES_REFUSED);
        return MGMT_CB_ERROR_ERR;
    }
    if (asked->access != SETTINGS_ACCESS_DELETE)
        return MGMT_CB_OK;
    name += sizeof TREE - 1;
    app_lock();
    const uint32_t key = trendel_clip_key(name, strlen(name));
    const int result = key < TRENDEL_KEYS_N ? trendel_clip_setting_delete(&app_clip, key) : TRENDEL_SETTING_UNKNOWN_KEY;
    app_unlock();
    if (result == TRENDEL_SETTING_OK) {
        if (key == TRENDEL_KEY_NAME)
            radio_rename();
        *rc = MGMT_ERR_EOK;
        return MGMT_CB_ERROR_RC;
    }
    if (result == TRENDEL_SETTING_UNKNOWN_KEY) {
        *rc = SETTINGS_MGMT_ERR_KEY_NOT_FOUND;
        return MGMT_CB_ERROR_ERR;
    }
    *rc = result == TRENDEL_SETTING_ACCESS ? MGMT_ERR_ENOTSUP : MGMT_ERR_EUNKNOWN; /* Zephyr 3.4 has no own code */
    return MGMT_CB_ERROR_RC;
}

static struct mgmt_callback access_callback = {.callback = access, .event_id = MGMT_EVT_OP_SETTINGS_MGMT_ACCESS};

void management_settings_init(void) {
    mgmt_callback_register(&access_callback);
}
