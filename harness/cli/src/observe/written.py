"""When the files of a distribution were written, as their file system tells it.

Only for distributions whose files are read anyway: those that the image did not come with. The installer's notes and its
scripts are written after everything is compiled and do not count.
"""

import os


def latest(root, paths):
    """The last change of any of these files, in nanoseconds since the epoch; None where there is none."""
    last = None
    for path in paths:
        try:
            changed = os.stat(os.path.join(root, path)).st_ctime_ns
        except OSError:
            continue  # `missing` in the digest as well
        if last is None or changed > last:
            last = changed
    return last


def written(info, files):
    """When the distribution whose metadata folder is `info` was last unpacked to and compiled into; None where not known."""
    root = os.path.dirname(info)
    unpacked = latest(root, (path for path in files if not path.startswith("..")))
    if unpacked is None:
        return None
    return {"unpacked": unpacked, "compiled": latest(root, (path for path, _ in read_record(info, True) or ()))}
