# SPDX-License-Identifier: Apache-2.0
"""list_tar.py ARCHIVE FOLDER...: what is in these folders of an archive, a line each, sorted: kind and mode, owner, time
(or "now" when it is of this century's later half), size or destination, path."""
import hashlib
import sys
import tarfile

LONG_AGO = 1_500_000_000

lines = []
with tarfile.open(sys.argv[1]) as archive:
    for member in archive:
        path = member.name.removeprefix("./").rstrip("/")
        if path.split("/")[0] not in sys.argv[2:]:
            continue
        kind = "d" if member.isdir() else "l" if member.issym() else "h" if member.islnk() else "f" if member.isfile() else "?"
        what = member.linkname if kind in "lh" else ""
        if kind == "f":
            what = hashlib.sha256(archive.extractfile(member).read()).hexdigest()[:12]
        time = str(int(member.mtime)) if member.mtime < LONG_AGO else "now"
        mode = "-" if kind == "l" else f"{member.mode & 0o7777:04o}"
        lines.append(f"{path}: {kind}{mode} {member.uid}:{member.gid} {time} {what}".rstrip())
print("\n".join(sorted(lines)))
