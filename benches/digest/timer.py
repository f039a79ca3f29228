"""Times `pip freeze` against the digest reader inside one container, in the order that it is told.

Arguments: the reader's text, and a word per run, `digest` or `freeze`. Prints one JSON line: the nanoseconds of each run,
and what both printed, which has to be the same every time. Standard library only.
"""

import json
import subprocess
import sys
import sysconfig
import time

READER, *ORDER = sys.argv[1:]
ROOT = sysconfig.get_path("purelib")
COMMANDS = {
    "digest": [sys.executable, "-I", "-S", "-c", READER, ROOT],
    "freeze": [sys.executable, "-m", "pip", "freeze"],
}


def run(command):
    begun = time.perf_counter_ns()
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    taken = time.perf_counter_ns() - begun
    if ended.returncode != 0:
        sys.exit(ended.stderr.decode("utf-8", "replace"))
    return taken, ended.stdout.decode()


# Once without keeping the time, so that both find warm file caches.
printed = {name: run(command)[1] for name, command in COMMANDS.items()}
printed["bytes"] = run(COMMANDS["digest"] + ["bytes"])[1]
times = []
for name in ORDER:
    taken, text = run(COMMANDS[name])
    if text != printed[name]:
        sys.exit(f"{name} printed something else than before:\n{text}")
    times.append(taken)
print(json.dumps({"times": times, "printed": printed}))
