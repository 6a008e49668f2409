"""The MLLP clients of python-hl7 send messages to HOST PORT and hold each answer against its message; prints what is to be kept, a line of JSON each."""

import asyncio
import json
import sys
import time

import hl7
from hl7.client import MLLPClient
from hl7.mllp import open_hl7_connection

host, port = sys.argv[1], int(sys.argv[2])
ONE_BY_ONE, TOGETHER = 1_500, 300


def message(number):
    return (
        f"MSH|^~\\&|ADT|MAIN|CORDON|LAKESIDE|20251210044728+0000||ADT^A08^ADT_A01|C{number}|P|2.5.1||||||UNICODE UTF-8\r"
        f"EVN|A08|20251210044728+0000\rPID|1||{number}^^^MAIN^MR||M\u00fcller^J\u00f6rg \u20ac||19700101|M\r"
    )


def check(number, answer):
    """Sender and receiver are exchanged, version, processing id and character set are kept, the control id is that of the message."""
    ack = hl7.parse(answer)
    msh, msa = ack.segment("MSH"), ack.segment("MSA")
    told = [str(msh[field]) for field in (3, 4, 5, 6, 9, 11, 12, 18)]
    assert told == ["CORDON", "LAKESIDE", "ADT", "MAIN", "ACK^A08^ACK", "P", "2.5.1", "UNICODE UTF-8"], told
    assert (str(msa[1]), str(msa[2])) == ("AA", f"C{number}"), str(msa)


def keep(number):
    print(json.dumps(message(number)))


started = time.monotonic()
with MLLPClient(host, port, encoding="utf-8") as client:
    for number in range(ONE_BY_ONE):
        check(number, client.send_message(message(number)).decode("utf-8").strip("\x0b\x1c\r") + "\r")
        keep(number)
seconds = time.monotonic() - started
print(f"one connection, each message answered before the next: {ONE_BY_ONE / seconds:.0f} messages/s", file=sys.stderr)


async def together():
    """All messages are sent before the first answer is read."""
    reader, writer = await open_hl7_connection(host, port, encoding="utf-8")
    numbers = range(ONE_BY_ONE, ONE_BY_ONE + TOGETHER)
    for number in numbers:
        writer.writemessage(hl7.parse(message(number)))
    await writer.drain()
    for number in numbers:
        check(number, str(await reader.readmessage()))
        keep(number)
    writer.close()
    await writer.wait_closed()


asyncio.run(together())
