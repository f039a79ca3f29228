"""Digests of what lies in one folder of the import path, distribution by distribution: equal files, equal digests.

A RECORD already has the sha256 of every file that an installer wrote, so a distribution whose RECORD is the one that the
image came with is taken at its word, which costs one small file; any other has its files read byte by byte. So has every
file that no RECORD accounts for, but in the folders that only such distributions share: to walk through all that an image
has takes longer than everything else here. Byte-compiled files and the installer's own notes are left out, and the order of
RECORD does not matter. Standard library only, 3.8 or newer.
"""

import binascii
import os

# What an installer writes about itself: the same distribution differs in these for reasons that do not matter.
NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
# Bounds on what lies around without a RECORD: beyond these, further files count by their names, large ones by their sizes.
MOST_FILES = 20_000
MOST_BYTES = 256 << 20

# `base64` would do, but importing it takes as long as reading fifty RECORDs.
URL_SAFE = bytes.maketrans(b"+/", b"-_")


def plain_sha256():
    """sha256 as Python itself brings it: hashlib loads OpenSSL, which costs more than it saves on short listings."""
    for name in ("_sha2", "_sha256"):
        try:
            return __import__(name).sha256
        except ImportError:
            continue  # of another version of Python, or left out of this build
    import hashlib

    return hashlib.sha256


sha256 = plain_sha256()


def digest_of(lines):
    """Digest of a listing; `lines` are (path, hash) pairs."""
    listing = "".join(f"{path} {hash}\n" for path, hash in sorted(lines))
    return sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()


def read_record(info, compiled=False):
    """(path, hash) of every file that counts in a RECORD, or of the byte-compiled ones; None where there is none."""
    try:
        with open(os.path.join(info, "RECORD"), "rb", buffering=0) as file:
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
        if path and path.endswith(".pyc") is compiled and path not in notes:
            lines.append((path, rest.partition(",")[0]))
    return lines


def hash_file(path):
    """sha256 of a file's bytes, as RECORD writes it; `missing` when there is no file that can be read."""
    import hashlib  # only here, see plain_sha256

    hasher = hashlib.sha256()
    try:
        if not os.path.isfile(path):
            return "missing"  # a pipe would be read for ever
        with open(path, "rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                hasher.update(piece)
    except OSError:
        return "missing"
    digest = binascii.b2a_base64(hasher.digest(), newline=False)
    return "sha256=" + digest.translate(URL_SAFE).rstrip(b"=").decode()


def distribution(info, record, known):
    """Digest of the distribution whose metadata folder is `info`, and its files where they were read one by one."""
    if record is None:
        # Without RECORD nobody knows which files belong to it: the metadata alone speaks.
        names = ("METADATA", "PKG-INFO") if os.path.isdir(info) else ("",)
        return digest_of([(name, hash_file(os.path.join(info, name) if name else info)) for name in names]), None
    digest = digest_of(record)
    if known is None or digest in known:
        return digest, None
    root = os.path.dirname(info)
    files = {path: hash_file(os.path.join(root, path)) for path, _ in record}
    return digest_of(files.items()), files


def beside(root, infos, records, passed):
    """Files below `root`, at any depth, that no RECORD accounts for: a dict of path and hash. Folders of `root` that are to be
    `passed` by are not entered. What a distribution without RECORD owns cannot be told, and counts as such."""
    owned = {path for record in records if record for path, _ in record}
    owned.update(f"{os.path.basename(info)}/{note}" for info in infos for note in NOTES)
    sizes, pending = {}, [""]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(os.path.join(root, folder)))
        except OSError:
            continue  # no folder (a zip on the path), or not ours to read
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__" and path not in passed:
                    pending.append(path)
            elif path not in owned and not path.endswith(".pyc"):
                try:
                    sizes[path] = entry.stat(follow_symlinks=False).st_size
                except OSError:
                    continue  # gone meanwhile
    # In the order of their names: folders list their files in an order of their own, which is not to decide what is read.
    found, bytes_left = {}, MOST_BYTES
    for path, size in sorted(sizes.items()):
        bytes_left -= size
        read = len(found) < MOST_FILES and bytes_left > 0
        found[path] = hash_file(os.path.join(root, path)) if read else f"size={size}"
    return found


def folder_digests(root, infos, known):
    """Of the distributions of one folder, by metadata folder: digest and files, as `distribution` gives them; and the
    files beside them."""
    records = [read_record(info) for info in infos]
    digests = {info: distribution(info, record, known) for info, record in zip(infos, records)}
    believed, others = set(), set()
    for info, record in zip(infos, records):
        folders = believed if digests[info][1] is None else others
        folders.update(path.partition("/")[0] for path, _ in record or () if "/" in path)
    return digests, beside(root, infos, records, believed - others)
