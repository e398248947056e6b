/* Words on standard input for the clip as a Linux process, and what else it has instead of a board.
 *
 *   play                the IMU's recording begins        battery 50 3700   per cent, millivolts
 *   deaf 1, stuck 1     the IMU does not answer, or measures nothing; 0 mends it
 *   button, charger     pressed, connected                quit
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zephyr/kernel.h>
#include <zephyr/init.h>
#include <zephyr/sys/reboot.h>

#include "cmdline.h"
#include "native.h"
#include "posix_native_task.h"
#include "nsi_main.h"
#include "soc.h"

#define LOOK_MS 10
#define EXIT_REBOOT 64 /* whoever started the process starts it again */

#define NOT_GIVEN UINT32_MAX

static uint32_t serial, reset_reason;
static trendel_battery_t level = {100, 4100};

uint64_t board_serial(void) {
    return serial == NOT_GIVEN ? 1u : serial;
}

uint8_t board_reset_reason(void) {
    return reset_reason == NOT_GIVEN ? TRENDEL_RESET_POWER_ON : (uint8_t)reset_reason;
}

trendel_battery_t board_battery(void) {
    return level;
}

void sys_arch_reboot(int type) {
    ARG_UNUSED(type);
    nsi_exit(EXIT_REBOOT);
}

static void obey(const char *line) {
    int a = 0, b = 0;
    static bool deaf, stuck;
    if (strcmp(line, "play") == 0) {
        native_imu_play();
    } else if (sscanf(line, "deaf %d", &a) == 1) {
        deaf = a != 0;
        native_imu_break(deaf, stuck);
    } else if (sscanf(line, "stuck %d", &a) == 1) {
        stuck = a != 0;
        native_imu_break(deaf, stuck);
    } else if (sscanf(line, "battery %d %d", &a, &b) == 2) {
        level = (trendel_battery_t){(uint8_t)a, (uint16_t)b};
    } else if (strcmp(line, "button") == 0) {
        security_open_window();
        app_post(APP_MARK);
    } else if (strcmp(line, "charger") == 0) {
        app_post(APP_CHARGER);
    } else if (strcmp(line, "quit") == 0) {
        nsi_exit(0);
    } else {
        printf("unknown word: %s\n", line);
    }
}

static void look(struct k_work *work) {
    static char line[80];
    static size_t n;
    char c;
    while (read(STDIN_FILENO, &c, 1) == 1) {
        if (c == '\n') {
            line[n] = '\0';
            n = 0;
            obey(line);
        } else if (n + 1u < sizeof line) {
            line[n++] = c;
        }
    }
    (void)k_work_reschedule(k_work_delayable_from_work(work), K_MSEC(LOOK_MS));
}

static K_WORK_DELAYABLE_DEFINE(looking, look);

static int start(void) {
    (void)fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    setvbuf(stdout, NULL, _IOLBF, 0);
    return k_work_reschedule(&looking, K_MSEC(LOOK_MS)) < 0 ? -EINVAL : 0;
}

SYS_INIT(start, APPLICATION, 99);

static void add_options(void) {
    static struct args_struct_t options[] = {
        {.option = "serial", .name = "n", .type = 'u', .dest = &serial, .descript = "number of the clip"},
        {.option = "reset", .name = "n", .type = 'u', .dest = &reset_reason, .descript = "why it was reset"},
        ARG_TABLE_ENDMARKER};
    native_add_command_line_opts(options);
}

NATIVE_TASK(add_options, PRE_BOOT_1, 10);
