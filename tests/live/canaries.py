"""One invented patient in every input format (`tests/canary`), and how she is found again in whatever comes out: as she is, and with each encoding undone, twice over."""

import base64
import binascii
import re
import urllib.parse

from node import ROOT

FOLDER = ROOT / "tests/canary"
# What identifies the patient Zephyrine Quillfeather, in lower case; as in crates/cordon/tests/cli/canary.rs.
CANARIES = (
    "quillfeather", "zephyrine", "77310942", "1957-11", "19571123", "23.11.1957", "8173-26", "555817326", "wobblegate", "zq@mailbox.example",
    "snorkelhaven",
)
# A member of staff, who is what access is judged by: an output without him shows nothing at all.
STAFF = "nurse.kim"
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|&#x([0-9a-fA-F]+);|&#([0-9]+);")
TOKEN = re.compile(r"[A-Za-z0-9+/]{7,}")


def corpus():
    """Document, its bytes, how many of the canaries it holds at least."""
    rows = [line.split("\t") for line in (FOLDER / "corpus.tsv").read_text().splitlines() if not line.startswith("#")]
    return [(name, (FOLDER / name).read_bytes(), int(count)) for name, count, _ in rows]


def unescaped(text):
    def letter(found):
        number = int(found[1] or found[2], 16) if found[1] or found[2] else int(found[3])
        return chr(number) if number < 0x11_0000 and not 0xD800 <= number < 0xE000 else found[0]

    return ESCAPE.sub(letter, text)


def tokens(text):
    """What reads as base64 or hexadecimal, decoded."""
    out = []
    for token in set(TOKEN.findall(text)):
        for decode in (bytes.fromhex, lambda token: base64.b64decode(token + "=" * (-len(token) % 4), validate=True)):
            try:
                out.append(decode(token).decode(errors="replace"))
            except (ValueError, binascii.Error):
                pass
    return "\n".join(out)


def found(text):
    """The canaries in a text."""
    last, left, seen = [text], set(CANARIES), set()
    for depth in range(3):
        for reading in last:
            lower = reading.lower()
            seen |= {canary for canary in left if canary in lower}
        left -= seen
        if depth < 2 and left:
            last = [undo(reading) for reading in last for undo in (unescaped, urllib.parse.unquote, tokens)]
    return sorted(seen)


def found_in_bytes(content):
    """The canaries in a file as it lies on the disk."""
    lower = content.lower()
    return sorted(canary for canary in CANARIES if canary.encode() in lower or canary.encode("utf-16-le") in lower)
