"""Digests of what lies in one folder of the import path, distribution by distribution: equal files, equal digests.

A RECORD already has the sha256 of every file that an installer wrote, so a distribution whose RECORD is the one that the
image came with is taken at its word, which costs one small file; any other has its files read byte by byte. Byte-compiled
files and the installer's own notes are left out, and the order of RECORD does not matter. Standard library only, 3.8+.
"""

import binascii
import hashlib
import os

# What an installer writes about itself: the same distribution differs in these for reasons that do not matter.
NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
# Bounds on what lies around without a RECORD; beyond them only names and sizes count.
MOST_FILES = 20_000
MOST_BYTES = 256 << 20

# `base64` would do, but importing it takes as long as reading fifty RECORDs.
URL_SAFE = bytes.maketrans(b"+/", b"-_")
# Every RECORD is asked for twice, and none changes meanwhile.
records = {}


def digest_of(lines):
    """Digest of a listing; `lines` are (path, hash) pairs."""
    listing = "".join(f"{path} {hash}\n" for path, hash in sorted(lines))
    return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()


def read_record(info):
    """(path, hash) of every file that counts in a RECORD; None where there is none."""
    if info not in records:
        records[info] = parse_record(info)
    return records[info]


def parse_record(info):
    try:
        with open(os.path.join(info, "RECORD"), "rb") as file:
            text = file.read().decode("utf-8", "surrogateescape")
    except OSError:
        return None
    prefix = os.path.basename(info) + "/"
    notes = tuple(prefix + note for note in NOTES)
    lines = []
    for line in text.splitlines():
        if line.startswith('"'):
            path, _, rest = line[1:].replace('""', "\0").partition('"')
            path, rest = path.replace("\0", '"'), rest.lstrip(",")
        else:
            path, _, rest = line.partition(",")
        if path and not path.endswith(".pyc") and not path.startswith(notes):
            lines.append((path, rest.partition(",")[0]))
    return lines


def hash_file(path):
    """sha256 of a file's bytes, as RECORD writes it; `missing` when it cannot be read."""
    hasher = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                hasher.update(piece)
    except OSError:
        return "missing"
    digest = binascii.b2a_base64(hasher.digest(), newline=False)
    return "sha256=" + digest.translate(URL_SAFE).rstrip(b"=").decode()


def distribution(info, known):
    """Digest of the distribution whose metadata folder is `info`, and its files where they were read one by one."""
    record = read_record(info)
    if record is None:
        # Without RECORD nobody knows which files belong to it: the metadata alone speaks.
        names = ("METADATA", "PKG-INFO", "") if os.path.isdir(info) else ("",)
        hashes = [hash_file(os.path.join(info, name) if name else info) for name in names]
        return digest_of([("", hash) for hash in hashes]), None
    digest = digest_of(record)
    if known is None or digest in known:
        return digest, None
    root = os.path.dirname(info)
    files = {path: hash_file(os.path.join(root, path)) for path, _ in record}
    return digest_of(files.items()), files


def beside(root, infos):
    """Files below `root` that no RECORD of `infos` accounts for: a dict of path and hash."""
    owned = {"__pycache__"}
    for info in infos:
        owned.add(os.path.basename(info))
        owned.update(path.partition("/")[0] for path, _ in read_record(info) or ())
    found = {}
    bytes_left = MOST_BYTES
    pending = sorted(name for name in os.listdir(root) if name not in owned)
    while pending and len(found) < MOST_FILES:
        name = pending.pop(0)
        path = os.path.join(root, name)
        if os.path.isdir(path) and not os.path.islink(path):
            inside = sorted(entry for entry in os.listdir(path) if entry != "__pycache__")
            pending[:0] = [f"{name}/{entry}" for entry in inside]
        elif not name.endswith(".pyc"):
            size = os.lstat(path).st_size
            bytes_left -= size
            found[name] = hash_file(path) if bytes_left > 0 else f"size={size}"
    return found
