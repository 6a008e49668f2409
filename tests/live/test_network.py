"""That the tests beside this one run without a network: what they show, a node does without any other service."""

import os
import socket

import pytest


@pytest.mark.skipif(os.environ.get("LIVE_TESTS_NETWORK") != "loopback", reason="nobody may close the network here: these tests ran with one")
def test_there_is_no_network_but_loopback():
    assert [name for _, name in socket.if_nameindex()] == ["lo"]
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection(("192.0.2.1", 9), timeout=10)
