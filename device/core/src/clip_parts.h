/* What the files of the clip share. */
#ifndef TRENDEL_CLIP_PARTS_H
#define TRENDEL_CLIP_PARTS_H

#include "trendel_clip.h"

#define CLIP_MS(us) ((uint32_t)(((us) + 500u) / 1000u))

/* default_params.c */
extern const uint16_t clip_default_rates[TRENDEL_RATES_N];
void clip_default_params(trendel_params_t *params, uint32_t rate_hz); /* unchanged for a rate that there is not */

/* clip_packets.c */
void clip_send(trendel_clip_t *clip, const void *packet, size_t n, bool raw);
void clip_drop_queue(trendel_clip_t *clip);
void clip_greet(trendel_clip_t *clip, uint64_t now_us); /* hello, layouts, faults, status */
uint32_t clip_interval_ns(const trendel_clip_t *clip); /* between samples, before it was measured */
void clip_make_hello(const trendel_clip_t *clip, trendel_hello_t *hello, uint64_t now_us);
void clip_note_hello(trendel_clip_t *clip, uint64_t now_us); /* to log and host, if it says something new */
void clip_event(trendel_clip_t *clip, const trendel_event_t *event, uint64_t now_us);
void clip_simple_event(trendel_clip_t *clip, uint8_t code, uint8_t detail, uint16_t value, uint64_t now_us);
void clip_stride(trendel_clip_t *clip, const trendel_stride_t *stride);
void clip_status(trendel_clip_t *clip, uint64_t now_us);
void clip_send_faults(trendel_clip_t *clip, uint64_t now_us);

/* clip_kernels.c */
void clip_kernels_take(trendel_clip_t *clip, const trendel_imu_block_t *block);
void clip_kernels_forget(trendel_clip_t *clip, uint64_t now_us); /* sampling ends or starts anew: alerts end */
float clip_dt_s(uint32_t dt_ns);

/* clip_settings.c */
void clip_settings_load(trendel_clip_t *clip);   /* at boot */
void clip_settings_params(trendel_clip_t *clip); /* the kernels' parameters for the rate and settings, into clip->params */
bool clip_kept_in_shipping(trendel_clip_t *clip);

/* clip_check.c */
typedef struct {
    const char *name;
    uint8_t version;
    uint16_t size; /* bytes of a value, 0: they vary */
    bool stored, readable;
} clip_key_t;
extern const clip_key_t clip_keys[TRENDEL_KEYS_N];
int clip_check(uint32_t key, const uint8_t *value, size_t n); /* TRENDEL_SETTING_OK, or what is wrong with a value */

/* clip.c */
void clip_step(trendel_clip_t *clip, trendel_in_t in, uint64_t now_us);
void clip_restart_sampling(trendel_clip_t *clip, uint64_t now_us);

#endif /* TRENDEL_CLIP_PARTS_H */
