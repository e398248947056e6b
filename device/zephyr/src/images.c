/* Updates: what may be uploaded, what happens when a new image starts, what became of it. MCUboot does the swapping,
 * checks signatures and refuses older images at boot; here an older one is refused before it costs minutes of radio. */
#include <string.h>
#include <zephyr/dfu/mcuboot.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/mgmt/mcumgr/grp/img_mgmt/img_mgmt.h>
#include <zephyr/mgmt/mcumgr/grp/img_mgmt/img_mgmt_callbacks.h>
#include <zephyr/mgmt/mcumgr/mgmt/callbacks.h>
#include <zephyr/mgmt/mcumgr/mgmt/mgmt.h>
#include <zephyr/settings/settings.h>
#include <zephyr/storage/flash_map.h>

#include "app.h"
#include "trendel_selftest.h"

LOG_MODULE_REGISTER(images, LOG_LEVEL_INF);

#define ASKED "update/asked" /* version of the image that is to run after the reset */
#define MAGIC 0x96f3b83du    /* of MCUboot's image header */
#define VERSION_AT 20u       /* in it */
#define HEADER_N 32u

typedef struct {
    uint8_t major, minor;
    uint16_t revision;
    uint32_t build;
} version_t;

static int compare(const version_t *a, const version_t *b) {
    const uint32_t left[] = {a->major, a->minor, a->revision}, right[] = {b->major, b->minor, b->revision};
    for (size_t i = 0; i < ARRAY_SIZE(left); i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

/* The version in an image header of HEADER_N bytes; false if it is none. */
static bool version_of(const uint8_t *header, version_t *version) {
    uint32_t magic;
    memcpy(&magic, header, sizeof magic);
    memcpy(version, header + VERSION_AT, sizeof *version);
    return magic == MAGIC;
}

static bool version_in(uint8_t area_id, version_t *version) {
    const struct flash_area *area;
    uint8_t header[HEADER_N];
    if (flash_area_open(area_id, &area) != 0)
        return false;
    const int error = flash_area_read(area, 0, header, sizeof header);
    flash_area_close(area);
    return error == 0 && version_of(header, version);
}

static bool running(version_t *version) {
    return version_in(FIXED_PARTITION_ID(slot0_partition), version);
}

static enum mgmt_cb_return refuse(int32_t *rc, uint16_t *group, int32_t why) {
    app_fault(TRENDEL_FAULT_IMAGES_REFUSED);
    *group = MGMT_GROUP_ID_IMAGE;
    *rc = why;
    return MGMT_CB_ERROR_RC;
}

static enum mgmt_cb_return uploaded(uint32_t event, enum mgmt_cb_return before, int32_t *rc, uint16_t *group,
                                    bool *abort_more, void *data, size_t data_size) {
    ARG_UNUSED(event);
    ARG_UNUSED(before);
    ARG_UNUSED(abort_more);
    ARG_UNUSED(data_size);
    const struct img_mgmt_upload_check *check = data;
    version_t offered, now;
    if (check->req->off != 0u)
        return MGMT_CB_OK;
    if (check->req->img_data.len < HEADER_N || !version_of(check->req->img_data.value, &offered))
        return refuse(rc, group, MGMT_ERR_EINVAL);
    if (running(&now) && compare(&offered, &now) < 0)
        return refuse(rc, group, MGMT_ERR_EBADSTATE);
    return MGMT_CB_OK;
}

static enum mgmt_cb_return pending(uint32_t event, enum mgmt_cb_return before, int32_t *rc, uint16_t *group,
                                   bool *abort_more, void *data, size_t data_size) {
    ARG_UNUSED(event);
    ARG_UNUSED(before);
    ARG_UNUSED(rc);
    ARG_UNUSED(group);
    ARG_UNUSED(abort_more);
    ARG_UNUSED(data);
    ARG_UNUSED(data_size);
    version_t asked;
    if (version_in(FIXED_PARTITION_ID(slot1_partition), &asked))
        (void)settings_save_one(ASKED, &asked, sizeof asked);
    return MGMT_CB_OK;
}

static enum mgmt_cb_return reset(uint32_t event, enum mgmt_cb_return before, int32_t *rc, uint16_t *group,
                                 bool *abort_more, void *data, size_t data_size) {
    ARG_UNUSED(event);
    ARG_UNUSED(before);
    ARG_UNUSED(rc);
    ARG_UNUSED(group);
    ARG_UNUSED(abort_more);
    ARG_UNUSED(data);
    ARG_UNUSED(data_size);
    app_lock();
    trendel_clip_flush(&app_clip);
    app_unlock();
    return MGMT_CB_OK;
}

/* Requests that MCUmgr answered with an error: malformed or not allowed. Settings count for themselves. */
static enum mgmt_cb_return done(uint32_t event, enum mgmt_cb_return before, int32_t *rc, uint16_t *group,
                                bool *abort_more, void *data, size_t data_size) {
    ARG_UNUSED(event);
    ARG_UNUSED(before);
    ARG_UNUSED(rc);
    ARG_UNUSED(group);
    ARG_UNUSED(abort_more);
    ARG_UNUSED(data_size);
    const struct mgmt_evt_op_cmd_arg *command = data;
    if (command->err != MGMT_ERR_EOK && command->group != MGMT_GROUP_ID_SETTINGS)
        app_fault(TRENDEL_FAULT_WRITES_REFUSED);
    return MGMT_CB_OK;
}

static struct mgmt_callback callbacks[] = {
    {.callback = uploaded, .event_id = MGMT_EVT_OP_IMG_MGMT_DFU_CHUNK},
    {.callback = pending, .event_id = MGMT_EVT_OP_IMG_MGMT_DFU_PENDING},
    {.callback = reset, .event_id = MGMT_EVT_OP_OS_MGMT_RESET},
    {.callback = done, .event_id = MGMT_EVT_OP_CMD_DONE},
};

void images_init(void) {
    for (size_t i = 0; i < ARRAY_SIZE(callbacks); i++)
        mgmt_callback_register(&callbacks[i]);
}

/* ---- at the start ---- */

static int take(const char *key, size_t n, settings_read_cb read, void *from, void *asked) {
    ARG_UNUSED(key);
    return n == sizeof(version_t) && read(from, asked, n) == (ssize_t)n ? 0 : -EINVAL;
}

static void wait_ms(void *context, uint32_t ms) {
    ARG_UNUSED(context);
    (void)k_msleep((int32_t)ms);
}

static void tell_refused(void) {
    version_t asked = {0}, now;
    (void)settings_load_subtree_direct(ASKED, take, &asked);
    if (compare(&asked, &(version_t){0}) == 0)
        return;
    (void)settings_delete(ASKED);
    if (running(&now) && compare(&asked, &now) != 0) {
        LOG_WRN("the image that was asked for does not run: refused by MCUboot, or reverted");
        trendel_clip_fault(&app_clip, TRENDEL_FAULT_IMAGES_REFUSED);
    }
}

void images_check(void) {
    if (boot_is_img_confirmed()) {
        tell_refused();
        return;
    }
    /* On trial. The host confirms it over the very radio and management that it would be bricked without; whatever
     * resets it before reverts it. Motion while the clip is updated is no reason to revert. */
    const uint8_t failed = trendel_selftest(&app_clip.world.bus, &app_clip.recorder, app_now_us(), wait_ms, NULL) &
                           (uint8_t)~TRENDEL_SELFTEST_IMU_MOVE;
    if (app_clip.sampling.state == TRENDEL_STATE_IDLE)
        (void)trendel_imu_wake_on_motion(&app_clip.imu);
    if (failed == 0u)
        return;
    LOG_ERR("self-test of the new image failed (%u): back to the old one", failed);
    trendel_clip_flush(&app_clip);
    board_reboot();
}
