/* Power lost in the log: `powercut MODE N SEED` with MODE each (a cut in each of the first N operations, each way of
 * tearing) or random (N cuts, again and again on one flash). Ends with 1 and a sentence at the first lost entry.
 *
 * The model beside the log knows what was committed, and in which sector; it forgets a sector's entries only when the
 * log erases that sector. After each cut the log must have every entry of the model, and nothing but them, the one that
 * was being written, and those of a sector whose erase was cut. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nor.h"
#include "trendel_log.h"

#define SECTORS 12u
#define ENTRIES_MAX 200000u

static sim_nor_t nor;
static trendel_log_t flog;
static trendel_faults_t faults;
static int (*real_erase)(void *, uint32_t);

static uint8_t state[ENTRIES_MAX]; /* by entry number: 0 never, 1 being written, 2 committed, 3 erased, 4 erase was cut */
static uint16_t sector_of[ENTRIES_MAX];
static uint8_t seen[ENTRIES_MAX];
static uint32_t entry_n;
static uint64_t dice = 1;
static uint32_t last_boot;

static uint32_t roll(uint32_t below) {
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice >> 33) % below;
}

static void fail(const char *what, uint32_t entry) {
    printf("%s: entry %u, operation %u, way of tearing %u\n", what, entry, nor.operation_n, nor.tear);
    exit(1);
}

static int watched_erase(void *context, uint32_t address) {
    const int result = real_erase(context, address);
    const uint32_t sector = address / nor.flash.sector_bytes;
    /* a log that is asked to erase has given the entries up, whether or not power holds */
    if (result == 0 || nor.erasing_i == sector)
        for (uint32_t i = 0; i < entry_n; i++)
            if (sector_of[i] == sector && (state[i] == 2 || state[i] == 4))
                state[i] = result == 0 ? 3 : 4;
    return result;
}

/* An entry's bytes follow from its number: 12 to 2,000 of them, most of them small. */
static uint32_t make_entry(uint32_t number, uint8_t *out) {
    uint32_t x = number * 2654435761u + 12345u;
    const uint32_t n = number % 7u == 3u ? 600u + x % 1400u : 12u + x % 240u;
    for (uint32_t i = 0; i < n; i++) {
        x = x * 1664525u + 1013904223u;
        out[i] = (uint8_t)(x >> 24);
    }
    out[0] = 0xee; /* no kind that the log looks into */
    memcpy(out + 4, &number, sizeof number);
    return n;
}

static void append(void) {
    static uint8_t packet[TRENDEL_STORED_MAX];
    const uint32_t number = entry_n, class_id = roll(3) == 0 ? TRENDEL_LOG_RECORDS : TRENDEL_LOG_RAW;
    if (number >= ENTRIES_MAX)
        fail("more entries than the model holds", number);
    state[number] = 1;
    sector_of[number] = UINT16_MAX;
    entry_n++;
    const uint32_t n = make_entry(number, packet);
    if (trendel_log_append(&flog, class_id, packet, n) == TRENDEL_LOG_OK) {
        state[number] = 2;
        sector_of[number] = (uint16_t)flog.open[class_id].sector_i;
    } else if (!nor.off) {
        fail("a good flash refused an entry", number);
    }
}

static void work(void) {
    switch (roll(24)) {
    case 0:
        (void)trendel_log_prepare(&flog);
        break;
    case 1:
        trendel_log_close(&flog, roll(2));
        break;
    case 2:
        (void)trendel_log_keep(&flog, flog.next_sequence - roll(3), (uint8_t)(1u + roll(2)));
        break;
    case 3:
        trendel_log_keep_end(&flog);
        break;
    case 4:
        (void)trendel_log_release(&flog, flog.next_sequence - roll(6));
        break;
    case 5:
        trendel_fault(&faults, TRENDEL_FAULT_CLOCK_STEPS, 1);
        /* fall through */
    default:
        append();
    }
}

static void check(void) {
    static uint8_t packet[TRENDEL_STORED_MAX], expected[TRENDEL_STORED_MAX];
    memset(seen, 0, entry_n);
    for (uint32_t class_id = 0; class_id < TRENDEL_LOG_CLASSES; class_id++) {
        trendel_log_reader_t reader = {class_id, 0, 0, 0};
        size_t n;
        uint32_t before = 0;
        while ((n = trendel_log_next(&flog, &reader, packet)) > 0) {
            if (packet[0] == TRENDEL_KIND_FAULTS)
                continue;
            uint32_t number;
            memcpy(&number, packet + 4, sizeof number);
            if (n < 12u || number >= entry_n || make_entry(number, expected) != n || memcmp(packet, expected, n) != 0)
                fail("an entry that nobody wrote", number);
            if (state[number] == 0 || state[number] == 3 || seen[number])
                fail("an entry that was erased, or came twice", number);
            if (state[number] == 2 && number < before)
                fail("entries out of order", number);
            before = state[number] == 2 ? number : before;
            seen[number] = 1;
        }
    }
    for (uint32_t i = 0; i < entry_n; i++)
        if (state[i] == 2 && !seen[i])
            fail("a committed entry was lost", i);
}

static void boot(void) {
    sim_nor_power_on(&nor);
    memset(&faults, 0, sizeof faults);
    if (trendel_log_mount(&flog, &nor.flash, &faults, 5) != TRENDEL_LOG_OK)
        fail("the log did not mount", 0);
    if (flog.boot_n < last_boot)
        fail("the boot number went back", flog.boot_n);
    last_boot = flog.boot_n;
    check();
    if (nor.violations_n != 0u)
        fail("rules of the flash were broken", nor.violations_n);
}

static void start(uint64_t seed) {
    if (!sim_nor_open(&nor, SECTORS, 4096, seed))
        fail("no memory", 0);
    real_erase = nor.flash.erase;
    nor.flash.erase = watched_erase;
    dice = seed;
    entry_n = last_boot = 0;
    memset(state, 0, sizeof state);
    boot();
}

/* The entry that power cut is there or not; it is not asked for again once the log has gone on. */
static void forget_open_ends(void) {
    for (uint32_t i = entry_n > 64u ? entry_n - 64u : 0u; i < entry_n; i++)
        if (state[i] == 1)
            state[i] = 4;
}

static void cut_at(uint32_t operation, uint32_t tear, uint64_t seed) {
    start(seed);
    nor.cut_at = operation;
    nor.tear = tear;
    while (!nor.off)
        work();
    boot();
    forget_open_ends();
    for (uint32_t i = 0; i < 40u; i++) /* and it goes on */
        work();
    check();
    boot();
    sim_nor_close(&nor);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        printf("usage: powercut each|random N SEED\n");
        return 2;
    }
    const uint32_t n = (uint32_t)strtoul(argv[2], NULL, 10);
    const uint64_t seed = strtoull(argv[3], NULL, 10);
    uint32_t cuts = 0;
    if (strcmp(argv[1], "each") == 0) {
        for (uint32_t tear = 0; tear < SIM_NOR_TEARS; tear++)
            for (uint32_t operation = 0; operation < n; operation++, cuts++)
                cut_at(operation, tear, seed);
    } else {
        start(seed);
        for (; cuts < n; cuts++) {
            nor.tear = roll(SIM_NOR_TEARS);
            nor.cut_at = nor.operation_n + roll(60);
            while (!nor.off)
                work();
            boot();
            forget_open_ends();
            if (entry_n > ENTRIES_MAX - 2000u) { /* the model is full: a new flash */
                sim_nor_close(&nor);
                start(seed + cuts + 1u);
            }
        }
    }
    printf("%u cuts, %u entries in the last flash, %u boots, %u bytes programmed twice\n", cuts, entry_n, last_boot,
           nor.again_n);
    return 0;
}
