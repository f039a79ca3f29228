"""Reads what is installed, as the server process sees it, and what imports really yield.

Runs inside the container after the timed part, on the image's own interpreter, standard library only, Python 3.8 or
newer, behind the texts of digests.py and written.py. Takes one JSON argument, prints one JSON line after MARK. It runs twice: first to
find the server process, then again in that process's environment, working directory and import path.
"""

import importlib.metadata
import json
import os
import re
import subprocess
import sys

MARK = "seatrial-manifest:"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def find_server(text):
    """The oldest process whose command line holds `text`: the server's master. None when there is none."""
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        if pid == os.getpid():
            continue
        try:
            argv = [os.fsdecode(part) for part in read(f"/proc/{pid}/cmdline").split(b"\0")[:-1]]
            if not any(text in part for part in argv) or MARK in "".join(argv):
                continue
            environ = dict(
                os.fsdecode(pair).split("=", 1)
                for pair in read(f"/proc/{pid}/environ").split(b"\0")
                if b"=" in pair
            )
            cwd = os.readlink(f"/proc/{pid}/cwd")
            status = os.fsdecode(read(f"/proc/{pid}/status"))
        except OSError:
            continue  # ended meanwhile, or belongs to another user
        if not argv or "python" not in os.path.basename(argv[0]):
            continue
        uid = int(re.search(r"^Uid:\s+\d+\s+(\d+)", status, re.M).group(1))
        return {"argv": argv, "environ": environ, "cwd": cwd, "uid": uid}
    return None


def normalise(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(path):
    """Every distribution on the path in import order; a later one of the same project is shadowed."""
    seen, found = set(), []
    for entry in dict.fromkeys(os.path.realpath(entry or os.getcwd()) for entry in path):
        here = []
        for dist in importlib.metadata.distributions(path=[entry]):
            name = dist.metadata["Name"]
            if name:
                here.append((normalise(name), dist))
        # metadata.distribution() takes the first of two in one folder: keep that order among equals.
        for project, dist in sorted(here, key=lambda pair: pair[0]):
            found.append((project, dist, entry, project in seen))
            seen.add(project)
    return found


def top_level(project, dists):
    """The module to import for a project, from its first distribution's own metadata."""
    for name, dist, _, _ in dists:
        if name != project:
            continue
        declared = (dist.read_text("top_level.txt") or "").split()
        modules = declared or [
            file.parts[0][:-3] if file.parts[0].endswith(".py") else file.parts[0]
            for file in dist.files or []
            if str(file).endswith(".py") and not file.parts[0].endswith((".dist-info", ".data", ".."))
        ]
        public = [module for module in modules if not module.startswith("_")]
        for module in public + modules:
            return module
    return project.replace("-", "_")


PROBE = """
import importlib, json, sys
sys.path[:] = json.loads(sys.argv[2])
module = importlib.import_module(sys.argv[1])
version = getattr(module, "__version__", None)
print(json.dumps([version if isinstance(version, str) else None, getattr(module, "__file__", None)]))
"""


def owner_version(file, project, dists):
    """Version of the first distribution that owns `file`, for modules without __version__."""
    for name, dist, _, _ in dists:
        if name == project and any(os.path.realpath(dist.locate_file(f)) == file for f in dist.files or []):
            return dist.version
    return None


def try_import(want, dists, path):
    """Imports in a process of its own, so that one bad module cannot spoil the next."""
    project = want["project"]
    module = want.get("import") or top_level(project, dists)
    result = {"project": project, "module": module, "version": None, "file": None, "error": None}
    try:
        run = subprocess.run(
            [sys.executable, "-c", PROBE, module, json.dumps(path)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
        )
    except subprocess.TimeoutExpired:
        result["error"] = "the import did not end within 60 s"
        return result
    lines = run.stdout.decode("utf-8", "replace").strip().splitlines()
    if run.returncode != 0 or not lines:
        errors = run.stderr.decode("utf-8", "replace").strip().splitlines()
        result["error"] = errors[-1] if errors else f"the import ended with {run.returncode}"
        return result
    version, file = json.loads(lines[-1])
    file = file and os.path.realpath(file)
    result["file"] = file
    result["version"] = version or (file and owner_version(file, project, dists))
    return result


def contents(dists, known, mount):
    """Digests of every distribution, and of the files beside them in the folders that hold any and in the mounted one."""
    infos = {}
    for _, dist, location, _ in dists:
        infos.setdefault(location, []).append(str(dist._path))  # kept to itself on every version so far
    if mount:
        infos.setdefault(os.path.realpath(mount), [])
    digests, around = {}, {}
    for location, held in infos.items():
        own, files = folder_digests(location, held, known)
        digests.update(own)
        if files:
            around[location] = {"digest": digest_of(files.items()), "files": files}
    return digests, around


def inside(params):
    """The second run: this process stands where the server stands."""
    path = [params["script_dir"]] if params["script_dir"] else []
    path += sys.path[1:] + [entry for entry in params["appended"] if entry not in sys.path]
    dists = distributions(path)
    import site

    known = None if params["known"] is None else set(params["known"])
    digests, around = contents(dists, known, params["mount"])
    times = {info: written(info, files) for info, (_, files) in digests.items() if params["written"] and files}
    seen = {
        "python": sys.version.split()[0],
        "sys_path": path,
        "user_site": site.getusersitepackages(),
        "uid": params["uid"],
        "distributions": [
            {
                "project": project, "version": dist.version, "location": location, "shadowed": shadowed,
                "digest": digests[str(dist._path)][0], "files": digests[str(dist._path)][1],
                "written": times.get(str(dist._path)),
            }
            for project, dist, location, shadowed in dists
        ],
        "beside": around,
        "imports": [try_import(want, dists, path) for want in params["imports"]],
    }
    # A file name need not be text; one that is not is told with question marks, and counts with its bytes in the digests.
    line = MARK + json.dumps(seen, ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(line.encode("utf-8", "replace"))


def main():
    params = json.loads(sys.argv[1])
    if params.get("inside"):
        inside(params)
        return
    server = find_server(params["server"]) if params["server"] else None
    if params["server"] and server is None:
        sys.exit(f"no Python process with {params['server']!r} in its command line, readable by uid {os.getuid()}")
    script = next((part for part in server["argv"][1:] if os.path.isabs(part)), None) if server else None
    params.update(
        inside=True,
        uid=server["uid"] if server else None,
        script_dir=os.path.dirname(os.path.realpath(script)) if script else None,
    )
    source = params.pop("source")
    environ = server["environ"] if server else dict(os.environ)
    environ = {**environ, "PYTHONDONTWRITEBYTECODE": "1"}
    python = server["argv"][0] if server and os.path.isabs(server["argv"][0]) else sys.executable
    run = subprocess.run(
        [python, "-c", source, json.dumps(params)],
        env=environ, cwd=server["cwd"] if server else "/", stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    sys.stderr.buffer.write(run.stderr)
    sys.stdout.buffer.write(run.stdout)
    sys.exit(run.returncode)


main()
