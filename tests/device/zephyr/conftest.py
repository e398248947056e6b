"""What these tests need, checked before anything is imported that needs it."""

import pytest

for name, how in (("bumble", "sim"), ("smpclient", "links"), ("cffi", "core")):
    pytest.importorskip(name, reason=f"{name} is not installed: pip install 'trendel[{how}]'")
