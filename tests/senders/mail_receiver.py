"""A real mail server: takes every message on 127.0.0.1:PORT and prints it as one line of JSON."""

import asyncio
import email
import json
import sys

from aiosmtpd.smtp import SMTP


class Print:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content)
        fields = ("Message-ID", "From", "To", "Subject", "Auto-Submitted")
        seen = {name: message[name] for name in fields}
        seen["rcpt"] = envelope.rcpt_tos
        seen["text"] = message.get_payload(decode=True).decode()
        seen["raw"] = envelope.content.decode("utf-8", "replace")
        print(json.dumps(seen), flush=True)
        return "250 taken"


async def main(port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Print(), hostname="receiver"), "127.0.0.1", port)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
