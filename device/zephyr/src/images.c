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

#include "app.h"
#include "trendel_selftest.h"

LOG_MODULE_REGISTER(images, LOG_LEVEL_INF);

#define ASKED "update/asked" /* hash of the image that is to run after the reset */
#define RUNNING 0            /* slots; MCUboot swaps, so what runs is always in the first */
#define UPLOADED 1

/* What MCUboot knows an image by; longer hashes than SHA-256 fit too. */
typedef struct {
    uint8_t bytes[64];
} image_hash_t;

/* The build number is left out, as MCUboot leaves it out when it refuses older images. */
static bool older(const struct image_version *a, const struct image_version *b) {
    if (a->iv_major != b->iv_major)
        return a->iv_major < b->iv_major;
    if (a->iv_minor != b->iv_minor)
        return a->iv_minor < b->iv_minor;
    return a->iv_revision < b->iv_revision;
}

static bool hash_in(int slot, image_hash_t *hash) {
    memset(hash, 0, sizeof *hash);
    return img_mgmt_read_info(slot, NULL, hash->bytes, NULL) == 0;
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
    struct image_header offered;
    struct image_version now;
    if (check->req->off != 0u)
        return MGMT_CB_OK;
    if (check->req->img_data.len < sizeof offered)
        return refuse(rc, group, MGMT_ERR_EINVAL);
    memcpy(&offered, check->req->img_data.value, sizeof offered);
    if (offered.ih_magic != IMAGE_MAGIC)
        return refuse(rc, group, MGMT_ERR_EINVAL);
    if (img_mgmt_read_info(RUNNING, &now, NULL, NULL) == 0 && older(&offered.ih_ver, &now))
        return refuse(rc, group, MGMT_ERR_EBADSTATE);
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

/* Marked for a start, which a host may do without an upload, or leave undone after one. */
static void note_asked(void) {
    const int swap = mcuboot_swap_type();
    image_hash_t asked;
    if ((swap == BOOT_SWAP_TYPE_TEST || swap == BOOT_SWAP_TYPE_PERM) && hash_in(UPLOADED, &asked))
        (void)settings_save_one(ASKED, &asked, sizeof asked);
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
    if (command->err == MGMT_ERR_EOK && command->group == MGMT_GROUP_ID_IMAGE && command->id == IMG_MGMT_ID_STATE)
        note_asked();
    return MGMT_CB_OK;
}

static struct mgmt_callback callbacks[] = {
    {.callback = uploaded, .event_id = MGMT_EVT_OP_IMG_MGMT_DFU_CHUNK},
    {.callback = reset, .event_id = MGMT_EVT_OP_OS_MGMT_RESET},
    {.callback = done, .event_id = MGMT_EVT_OP_CMD_DONE},
};

void images_init(void) {
    for (size_t i = 0; i < ARRAY_SIZE(callbacks); i++)
        mgmt_callback_register(&callbacks[i]);
}

/* ---- at the start ---- */

typedef struct {
    image_hash_t hash;
    bool there, known;
} asked_t;

static int take(const char *key, size_t n, settings_read_cb read, void *from, void *argument) {
    ARG_UNUSED(key);
    asked_t *asked = argument;
    asked->there = true;
    asked->known = n == sizeof asked->hash && read(from, &asked->hash, n) == (ssize_t)n;
    return 0;
}

static void wait_ms(void *context, uint32_t ms) {
    ARG_UNUSED(context);
    (void)k_msleep((int32_t)ms);
}

static void tell_refused(void) {
    asked_t asked = {0};
    image_hash_t now;
    (void)settings_load_subtree_direct(ASKED, take, &asked);
    if (!asked.there)
        return;
    (void)settings_delete(ASKED);
    if (asked.known && hash_in(RUNNING, &now) && memcmp(&asked.hash, &now, sizeof now) != 0) {
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
