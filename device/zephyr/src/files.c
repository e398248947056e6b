/* /log/flash, /log/sectors and /faults for MCUmgr's file system group: a read-only file system of three files. */
#include <errno.h>
#include <string.h>
#include <zephyr/fs/fs.h>
#include <zephyr/fs/fs_sys.h>
#include <zephyr/kernel.h>

#include "app.h"

#define TYPE FS_TYPE_EXTERNAL_BASE

/* One open file is enough: fs_mgmt keeps one. */
static struct {
    uint32_t file, at;
    bool open;
} handle;

static int find(const char *path, uint32_t *file) {
    *file = trendel_clip_file(path, strlen(path));
    return *file < TRENDEL_FILES_N ? 0 : -ENOENT;
}

static int open_file(struct fs_file_t *filp, const char *path, fs_mode_t flags) {
    uint32_t file;
    if ((flags & (FS_O_WRITE | FS_O_CREATE | FS_O_APPEND)) != 0)
        return -EROFS;
    if (handle.open)
        return -EMFILE;
    if (find(path, &file) != 0)
        return -ENOENT;
    handle.file = file;
    handle.at = 0;
    handle.open = true;
    filp->filep = &handle;
    return 0;
}

static int close_file(struct fs_file_t *filp) {
    ARG_UNUSED(filp);
    handle.open = false;
    return 0;
}

static ssize_t read_file(struct fs_file_t *filp, void *into, size_t n) {
    ARG_UNUSED(filp);
    app_lock();
    const uint32_t got = trendel_clip_file_read(&app_clip, handle.file, handle.at, into, (uint32_t)n, app_now_us());
    app_unlock();
    handle.at += got;
    return (ssize_t)got;
}

static uint32_t bytes_of(uint32_t file) {
    app_lock();
    const uint32_t n = trendel_clip_file_bytes(&app_clip, file);
    app_unlock();
    return n;
}

static int seek(struct fs_file_t *filp, off_t offset, int whence) {
    ARG_UNUSED(filp);
    const off_t n = (off_t)bytes_of(handle.file);
    const off_t to = offset + (whence == FS_SEEK_CUR ? (off_t)handle.at : whence == FS_SEEK_END ? n : 0);
    if (to < 0 || to > n)
        return -EINVAL;
    handle.at = (uint32_t)to;
    return 0;
}

static off_t tell(struct fs_file_t *filp) {
    ARG_UNUSED(filp);
    return (off_t)handle.at;
}

static int status(struct fs_mount_t *mount, const char *path, struct fs_dirent *entry) {
    ARG_UNUSED(mount);
    uint32_t file;
    if (find(path, &file) != 0)
        return -ENOENT;
    memset(entry, 0, sizeof *entry);
    entry->type = FS_DIR_ENTRY_FILE;
    entry->size = bytes_of(file);
    return 0;
}

static int mount_nothing(struct fs_mount_t *mount) {
    ARG_UNUSED(mount);
    return 0;
}

static const struct fs_file_system_t files = {
    .open = open_file,
    .close = close_file,
    .read = read_file,
    .lseek = seek,
    .tell = tell,
    .stat = status,
    .mount = mount_nothing,
    .unmount = mount_nothing,
};

static struct fs_mount_t log_mount = {.type = TYPE, .mnt_point = "/log"};
static struct fs_mount_t faults_mount = {.type = TYPE, .mnt_point = "/faults"};

int files_init(void) {
    int error = fs_register(TYPE, &files);
    error = error != 0 ? error : fs_mount(&log_mount);
    return error != 0 ? error : fs_mount(&faults_mount);
}
