"""Builds the one wheel that this source distribution stands for: the folder `wheel`, packed. No index is needed."""
import base64
import hashlib
import os
import shutil
import zipfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wheel")
PIECE = 1 << 20


def dist_info():
    return next(name for name in os.listdir(ROOT) if name.endswith(".dist-info"))


def paths(folder):
    """Files below a folder, relative to the root of the wheel."""
    for parent, _, names in os.walk(os.path.join(ROOT, folder)):
        for name in names:
            yield os.path.relpath(os.path.join(parent, name), ROOT).replace(os.sep, "/")


def pack(wheel, path):
    """Writes one file; returns its line in RECORD."""
    digest = hashlib.sha256()
    member = zipfile.ZipInfo(path)
    member.external_attr = 0o644 << 16
    member.file_size = size = os.path.getsize(os.path.join(ROOT, path))
    with open(os.path.join(ROOT, path), "rb") as source, wheel.open(member, "w") as target:
        for piece in iter(lambda: source.read(PIECE), b""):
            digest.update(piece)
            target.write(piece)
    encoded = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    return f"{path},sha256={encoded},{size}\n"


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    info = dist_info()
    shutil.copytree(os.path.join(ROOT, info), os.path.join(metadata_directory, info))
    return info


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info = dist_info()
    filename = info[: -len(".dist-info")] + "-py3-none-any.whl"
    metadata = sorted(paths(info))
    modules = sorted(set(paths("")) - set(metadata))
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as wheel:
        record = "".join(pack(wheel, path) for path in modules + metadata)
        member = zipfile.ZipInfo(f"{info}/RECORD")
        member.external_attr = 0o644 << 16
        wheel.writestr(member, f"{record}{info}/RECORD,,\n")
    return filename
