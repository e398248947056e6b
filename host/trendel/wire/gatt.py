"""How a clip is found and heard over Bluetooth LE. Frozen, as raw blocks and the hello are."""

STREAM_SERVICE = "b7a10001-6c1e-4f0a-9b52-3d2e8f417c60"
"""The service that a clip advertises."""
STREAM_PACKETS = "b7a10002-6c1e-4f0a-9b52-3d2e8f417c60"
"""Its one characteristic: each notification is a packet; the hello and its layouts follow the subscription."""
ATT_MTU = 247
"""With less a clip cannot send its packets of up to 244 bytes whole, and sends shorter blocks."""
USB_PRODUCT = "Trendel"
"""How the product string of a clip on USB begins, by which its port is found."""
SMP_SERVICE = "8d53dc1d-1db7-4cd3-868b-8a527460aa84"
"""Management by MCUmgr's SMP, as Zephyr has it; it is not advertised."""
SMP_CHARACTERISTIC = "da2e7828-fbce-4e01-ae9e-261174997c48"
"""Written without response, answered by notifications."""
ALERT_COMPANY = 0xFFFF
"""While a clip without a host warns, it advertises manufacturer data of this company (that of tests): one byte: 1 left,
2 right, 3 both or neither."""
