"""Providers of sign-in (OpenID Connect) for tests: a real, certified one as a process, and one that lies as a test wants; and a browser, as far as a sign-in needs one."""

import base64
import hashlib
import hmac
import ipaddress
import json
import ssl
import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from requests.adapters import HTTPAdapter

from node import ENVIRONMENT, ROOT, Wrong
from receiver import free_port

CALLBACK = "/api/v1/sign-in/provider/callback"
# The secret of the node at both providers, with letters that forms and headers have to encode.
SECRET = "a secret & its signs: %+"
PEM, PUBLIC = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo


class From(HTTPAdapter):
    """Connects from an address of loopback of its own, so that one browser's failures slow no other."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, source_address=(self.address, 0), **options)


class Browser(requests.Session):
    """Follows redirects from the node to the provider and back, one at a time."""

    def __init__(self, node, address="127.0.0.1"):
        super().__init__()
        self.node = node
        self.mount(node.api, From(address))

    def go(self, url):
        """One step; where it leads."""
        answer = self.get(url, allow_redirects=False, timeout=60)
        assert answer.status_code in (302, 303), f"{url}: {answer.status_code} {answer.text[:500]}"
        return urljoin(url, answer.headers["Location"])

    def begin(self):
        return self.go(self.node.api + "/api/v1/sign-in/provider")

    def through(self, person, url=None):
        """Signs in at the real provider as a person; the address of the node that it sends the browser back to."""
        url = url or self.begin()
        for _ in range(9):
            if url.startswith(self.node.api):
                return url
            url = self.go(url + f"?as={person}" if "/interaction/" in url else url)
        raise Wrong(f"the provider does not send the browser back: {url}")

    def ends(self, url):
        """Where the node sends the browser in the end, as a path."""
        answer = urlsplit(self.go(url))
        assert f"{answer.scheme}://{answer.netloc}" == self.node.api, answer
        return answer.path + (answer.fragment and "#" + answer.fragment)

    def sign_in(self, person):
        """The whole way; whether there is a session, or the word that says why not."""
        return self.ends(self.through(person))

    def me(self):
        answer = self.get(self.node.api + "/api/v1/me", timeout=60)
        return answer.json() if answer.status_code == 200 else answer.status_code


class RealProvider:
    """npm's oidc-provider. Where it will listen is known before it does."""

    def __init__(self, folder):
        self.accounts, self.port, self.process = folder / "accounts.json", free_port(), None
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.people = {}

    def person(self, name, *roles, amr=("pwd",), acr="1", **claims):
        self.people[name] = {"acr": acr, "amr": list(amr), "claims": {"preferred_username": name, "realm_access": {"roles": roles}, **claims}}
        self.accounts.write_text(json.dumps(self.people))

    def start(self, node):
        command = ["node", ROOT / "tests/live/oidc_provider.mjs", ROOT / "target/oidc-provider", self.accounts, str(self.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        self.says(f"listens {self.port}")
        self.process.stdin.write(node.api + CALLBACK + "\n")
        self.process.stdin.flush()
        self.says("ready")

    def says(self, line):
        for said in self.process.stdout:
            if said.rstrip("\n") == line:
                return
        raise Wrong(f"the provider has ended instead of saying {line!r}")

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def plain(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, length=None):
    return plain(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


class Keys:
    """A key of each kind, with its place in a JSON Web Key Set."""

    def __init__(self, mark=""):
        self.mark = mark
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec, self.ed = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()

    def set(self):
        pair, point = self.rsa.public_key().public_numbers(), self.ec.public_key().public_numbers()
        raw = self.ed.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return [
            {"kty": "RSA", "kid": "rsa" + self.mark, "use": "sig", "n": number(pair.n), "e": number(pair.e)},
            {"kty": "EC", "crv": "P-256", "kid": "ec" + self.mark, "x": number(point.x, 32), "y": number(point.y, 32)},
            {"kty": "OKP", "crv": "Ed25519", "kid": "ed" + self.mark, "alg": "EdDSA", "x": plain(raw)},
        ]

    def sign(self, alg, message):
        """A signature and the name of its key."""
        if alg == "RS256":
            return self.rsa.sign(message, padding.PKCS1v15(), hashes.SHA256()), "rsa" + self.mark
        if alg == "PS256":
            return self.rsa.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()), "rsa" + self.mark
        if alg == "ES256":
            r, s = decode_dss_signature(self.ec.sign(message, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big"), "ec" + self.mark
        if alg == "EdDSA":
            return self.ed.sign(message), "ed" + self.mark
        if alg == "HS256":
            # what a node would take that holds the public key for a shared secret
            return hmac.digest(self.rsa.public_key().public_bytes(PEM, PUBLIC), message, "sha256"), "rsa" + self.mark
        return b"", "rsa" + self.mark

    def token(self, claims, alg="RS256", header=()):
        kid = self.sign(alg, b"")[1]
        head = {"alg": alg, "typ": "JWT", "kid": kid} | dict(header)
        parts = ".".join(plain(json.dumps(part).encode()) for part in ({name: value for name, value in head.items() if value is not None}, claims))
        return f"{parts}.{plain(self.sign(alg, parts.encode())[0])}"


def certificate(folder):
    """A key and a certificate of its own for 127.0.0.1, as files."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "provider of a test")])
    now = datetime.now(timezone.utc)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), True).sign(key, hashes.SHA256())
    (folder / "provider.pem").write_bytes(made.public_bytes(PEM))
    (folder / "provider.key").write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / "provider.pem", folder / "provider.key"


class LyingProvider:
    """Speaks TLS under a certificate of its own. It answers every code with a token that is right but for what `lie` changes."""

    def __init__(self, folder):
        self.keys, self.known, self.lie, self.asked, self.more = Keys(), None, lambda token: None, [], {}
        self.ca_file, key_file = certificate(folder)
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, body, status=200):
                text = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self):
                documents = {"/.well-known/openid-configuration": provider.document, "/keys": provider.key_set, "/me": lambda: provider.more}
                provider.asked.append(self.path)
                self.answer(documents[self.path]())

            def do_POST(self):
                given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                provider.asked.append(self.path)
                self.answer(provider.answered({name: values[0] for name, values in given.items()}, self.headers["Authorization"]))

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"https://127.0.0.1:{self.server.server_port}"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key_file)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def document(self):
        paths = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys", "userinfo_endpoint": "me"}
        return {"issuer": self.issuer} | {name: f"{self.issuer}/{path}" for name, path in paths.items()}

    def key_set(self):
        return {"keys": (self.known or self.keys).set()}

    def answered(self, given, authorization):
        """Holds what the node sends against what a provider checks, and gives the token."""
        sent = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        assert sent == "cordon:a%20secret%20%26%20its%20signs%3A%20%25%2B", sent
        challenge = plain(hashlib.sha256(given["code_verifier"].encode()).digest())
        assert (given["grant_type"], challenge) == ("authorization_code", self.begun["code_challenge"]), given
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "cordon", "sub": "1", "nonce": self.begun["nonce"], "iat": now, "exp": now + 300, "preferred_username": "mallory", "groups": ["analysts"]}
        token = {"claims": claims, "alg": "RS256", "header": {}, "keys": self.keys}
        self.lie(token)
        return {"access_token": "some", "token_type": "Bearer", "id_token": token["keys"].token(token["claims"], token["alg"], token["header"])}

    def sign_in(self, browser, query=""):
        """Sends the browser there and back; where it ends."""
        begun = urlsplit(browser.begin())
        assert f"{begun.scheme}://{begun.netloc}{begun.path}" == self.issuer + "/auth", begun
        self.begun = {name: values[0] for name, values in parse_qs(begun.query).items()}
        assert self.begun["code_challenge_method"] == "S256" and self.begun["redirect_uri"] == browser.node.api + CALLBACK
        return browser.ends(f"{self.begun['redirect_uri']}?code=c&state={self.begun['state']}{query}")
