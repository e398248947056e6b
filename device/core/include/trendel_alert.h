/* How an alert reaches the runner without a host: light, vibration, and a flag in the advertising data. */
#ifndef TRENDEL_ALERT_H
#define TRENDEL_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#define TRENDEL_ALERT_REPEAT_US 60000000u /* as long as it holds, it is given again each minute ... */
#define TRENDEL_ALERT_REPEATS 3u          /* ... so often at most */
#define TRENDEL_ALERT_QUIET_US 300000000u /* after it has ended, no other as grave for so long */

typedef struct {
    bool light, vibration;
    uint8_t advertised; /* 0 no alert, 1 left, 2 right, 3 both or neither */
} trendel_alert_out_t;

typedef struct {
    uint64_t given_us; /* start of the pattern last given */
    uint64_t ended_us; /* of the last alert, 0: none yet */
    uint8_t times_n;   /* the pattern was given for this alert */
    int8_t side;       /* 1 left, -1 right, 0 neither */
    uint8_t level;     /* of the alert last given */
    bool active;       /* an alert holds */
    bool silent;       /* no vibration: the runner's wish */
} trendel_alarm_t;

/* An alert starts (side 1 left, -1 right, 0 neither). False if it is not given: one as grave holds, or was just now. */
bool trendel_alert_start(trendel_alarm_t *alert, int32_t side, uint32_t level, uint64_t now_us);
void trendel_alert_end(trendel_alarm_t *alert, uint64_t now_us);

/* The outputs at now_us. Two pulses for the left, three for the right, one long one for neither. */
trendel_alert_out_t trendel_alert_output(trendel_alarm_t *alert, uint64_t now_us);

#endif /* TRENDEL_ALERT_H */
