"""How a clip is found and heard over Bluetooth LE. Frozen, as raw blocks and the hello are."""

STREAM_SERVICE = "b7a10001-6c1e-4f0a-9b52-3d2e8f417c60"
"""The service that a clip advertises."""
STREAM_PACKETS = "b7a10002-6c1e-4f0a-9b52-3d2e8f417c60"
"""Its one characteristic: each notification is a packet; the hello and its layouts follow the subscription."""
ATT_MTU = 247
"""With less a clip cannot send its packets of up to 244 bytes whole, and sends shorter blocks."""
USB_PRODUCT = "Trendel"
"""How the product string of a clip on USB begins, by which its port is found."""
