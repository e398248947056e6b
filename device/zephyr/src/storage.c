/* The log's flash, and the store of the settings (NVS through Zephyr's settings). */
#include <stdio.h>
#include <string.h>
#include <zephyr/kernel.h>
#include <zephyr/settings/settings.h>
#include <zephyr/storage/flash_map.h>

#include "app.h"

#define SECTOR_BYTES 4096u
#define LOG_AREA FIXED_PARTITION_ID(log_partition)

static const struct flash_area *area;

static int log_read(void *context, uint32_t address, void *into, uint32_t n) {
    ARG_UNUSED(context);
    return area == NULL ? -ENODEV : flash_area_read(area, (off_t)address, into, n);
}

static int log_program(void *context, uint32_t address, const void *from, uint32_t n) {
    ARG_UNUSED(context);
    /* QSPI reads its source by DMA, which reaches RAM only: constants of the core are copied. */
    static uint32_t page[TRENDEL_FLASH_PAGE / 4u];
    if (area == NULL || n > sizeof page)
        return -EINVAL;
    memcpy(page, from, n);
    return flash_area_write(area, (off_t)address, page, n);
}

static int log_erase(void *context, uint32_t address) {
    ARG_UNUSED(context);
    return area == NULL ? -ENODEV : flash_area_erase(area, (off_t)address, SECTOR_BYTES);
}

static const trendel_flash_t log_flash = {.sector_n = FIXED_PARTITION_SIZE(log_partition) / SECTOR_BYTES,
                                          .sector_bytes = SECTOR_BYTES,
                                          .read = log_read,
                                          .program = log_program,
                                          .erase = log_erase};

const trendel_flash_t *storage_log(void) {
    return &log_flash;
}

int storage_init(void) {
    const int opened = flash_area_open(LOG_AREA, &area), settings = settings_subsys_init();
    return opened != 0 ? opened : settings;
}

/* Stored under names of their own: Zephyr's settings_load would take `trendel/...` for a host's write. */
static void stored_name(uint32_t key, char *name, size_t room) {
    (void)snprintf(name, room, "clip/%u", (unsigned int)key);
}

typedef struct {
    uint8_t *into;
    size_t room, n;
} loaded_t;

static int take(const char *key, size_t n, settings_read_cb read, void *from, void *argument) {
    loaded_t *loaded = argument;
    if (key != NULL && *key != '\0') /* another key that begins alike */
        return 0;
    if (n <= loaded->room) {
        const ssize_t got = read(from, loaded->into, n);
        loaded->n = got > 0 ? (size_t)got : 0;
    }
    return 0;
}

size_t storage_load(void *context, uint32_t key, uint8_t *into, size_t room) {
    ARG_UNUSED(context);
    char name[16];
    loaded_t loaded = {into, room, 0};
    stored_name(key, name, sizeof name);
    return settings_load_subtree_direct(name, take, &loaded) == 0 ? loaded.n : 0;
}

bool storage_store(void *context, uint32_t key, const uint8_t *value, size_t n) {
    ARG_UNUSED(context);
    char name[16];
    stored_name(key, name, sizeof name);
    return (n == 0u ? settings_delete(name) : settings_save_one(name, value, n)) == 0;
}
