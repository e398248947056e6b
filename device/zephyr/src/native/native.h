/* The clip as a Linux process: what its parts share. */
#ifndef TRENDEL_NATIVE_H
#define TRENDEL_NATIVE_H

#include "app.h"

/* imu.c: the emulated IMU. */
void native_imu_play(void);
void native_imu_break(bool deaf, bool stuck);

#endif /* TRENDEL_NATIVE_H */
