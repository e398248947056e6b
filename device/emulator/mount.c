/* On the emulated Cortex-M4F: the instructions that mounting a log takes. Reads the flash's image from nor.bin, prints
 * SysTick ticks of the mount, sectors in use and the boot number. Compiled with -DSECTORS=n. */
#include <semihost.h>
#include <stdio.h>
#include <string.h>

#include "trendel_log.h"

#define SECTOR_BYTES 4096u
#define PSRAM ((uint8_t *)0x21000000u) /* 16 MB on the mps2-an386 */
#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018u)

static trendel_log_t flog;
static trendel_faults_t faults;

static int nor_read(void *context, uint32_t address, void *into, uint32_t n) {
    (void)context;
    memcpy(into, PSRAM + address, n);
    return 0;
}

static int nor_program(void *context, uint32_t address, const void *from, uint32_t n) {
    (void)context, (void)address, (void)from, (void)n;
    return -1;
}

static int nor_erase(void *context, uint32_t address) {
    (void)context, (void)address;
    return -1;
}

int main(void) {
    const trendel_flash_t flash = {NULL, SECTORS, SECTOR_BYTES, nor_read, nor_program, nor_erase};
    const int file = sys_semihost_open("nor.bin", SH_OPEN_R_B);
    if (file < 0 || sys_semihost_read(file, PSRAM, (size_t)SECTORS * SECTOR_BYTES) != 0) {
        sys_semihost_exit_extended(2);
        return 2;
    }
    SYST_RVR = 0xffffffu;
    SYST_CVR = 0;
    SYST_CSR = 5; /* on, processor clock */
    const uint32_t before = SYST_CVR;
    const int result = trendel_log_mount(&flog, &flash, &faults, SECTORS / 2u);
    const uint32_t ticks = (before - SYST_CVR) & 0xffffffu;
    char line[96];
    snprintf(line, sizeof line, "%lu %lu %lu\n", (unsigned long)ticks, (unsigned long)trendel_log_used(&flog),
             (unsigned long)flog.boot_n);
    const int out = sys_semihost_open("mount.txt", SH_OPEN_W);
    sys_semihost_write(out, line, strlen(line));
    sys_semihost_close(out);
    sys_semihost_exit_extended(result == 0 ? 0 : 3);
    return 0;
}
