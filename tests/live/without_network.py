"""Runs a command in a network namespace that has loopback alone: without_network.py COMMAND.. (needs the right to make one; run through `unshare`)."""

import fcntl
import os
import socket
import struct
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as some:
    request = fcntl.ioctl(some, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0))
    flags = struct.unpack_from("h", request, 16)[0]
    fcntl.ioctl(some, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))
os.execvp(sys.argv[1], sys.argv[1:])
