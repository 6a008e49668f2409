"""A real receiver of syslog over TCP on 127.0.0.1:PORT, with TLS when a certificate and a key are given: prints each message as one line. With TLS each has
its length in front (RFC 5425)."""

import socketserver
import ssl
import sys


class Receiver(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            if TLS:
                length = b""
                while (digit := self.rfile.read(1)) not in (b" ", b""):
                    length += digit
                line = self.rfile.read(int(length)) if length else b""
            else:
                line = self.rfile.readline()
            if not line:
                return
            print(line.decode().rstrip("\n"), flush=True)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def get_request(self):
        connection, address = super().get_request()
        return (TLS.wrap_socket(connection, server_side=True) if TLS else connection), address

    def handle_error(self, *_):
        pass


TLS = None
if len(sys.argv) > 2:
    TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    TLS.load_cert_chain(sys.argv[2], sys.argv[3])
server = Server(("127.0.0.1", int(sys.argv[1])), Receiver)
print("listening", server.server_address[1], flush=True)
server.serve_forever()
