/* Registers of the LSM6DS3TR-C, by the names of its data sheet (DocID030071 rev 3). */
#ifndef TRENDEL_LSM6_REGISTERS_H
#define TRENDEL_LSM6_REGISTERS_H

#define FIFO_CTRL1 0x06u /* watermark, low bits, in 16-bit words */
#define FIFO_CTRL2 0x07u /* watermark, high bits */
#define FIFO_CTRL3 0x08u /* decimation: gyroscope bits 5-3, accelerometer 2-0 */
#define FIFO_CTRL4 0x09u
#define FIFO_CTRL5 0x0au /* rate bits 6-3, mode 2-0 */
#define INT1_CTRL 0x0du
#define WHO_AM_I 0x0fu
#define CTRL1_XL 0x10u
#define CTRL2_G 0x11u
#define CTRL3_C 0x12u
#define CTRL5_C 0x14u
#define CTRL6_C 0x15u
#define OUT_TEMP_L 0x20u
#define OUTX_L_G 0x22u
#define FIFO_STATUS1 0x3au
#define FIFO_DATA_OUT_L 0x3eu
#define TAP_CFG 0x58u
#define WAKE_UP_THS 0x5bu
#define WAKE_UP_DUR 0x5cu
#define MD1_CFG 0x5eu

#define IDENTITY 0x6au
#define CTRL3_C_SW_RESET 0x01u
#define CTRL3_C_IF_INC 0x04u
#define CTRL3_C_BDU 0x40u
#define INT1_FTH 0x08u
#define FIFO_NO_DECIMATION 0x09u
#define FIFO_BYPASS 0x00u
#define FIFO_CONTINUOUS 0x06u
#define FIFO_STATUS2_OVER_RUN 0x40u
#define TAP_CFG_INTERRUPTS 0x80u
#define MD1_CFG_INT1_WU 0x20u
#define CTRL6_C_XL_LOW_POWER 0x10u
#define ST_POSITIVE 0x05u /* CTRL5_C: gyroscope and accelerometer, positive sign */
#define FIFO_WORDS 2048u  /* 4 KiB */

#endif /* TRENDEL_LSM6_REGISTERS_H */
