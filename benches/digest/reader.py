import sys

root = sys.argv[1]
# With a second argument no RECORD is believed: every file is read.
known = None if len(sys.argv) < 3 else ()
infos = [os.path.join(root, name) for name in sorted(os.listdir(root)) if name.endswith((".dist-info", ".egg-info"))]
digests, around = folder_digests(root, infos, known)
for info in infos:
    print(digests[info][0], os.path.basename(info))
print(digest_of(around.items()), "beside")
