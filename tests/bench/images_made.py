# SPDX-License-Identifier: Apache-2.0
"""The images that tests/bench/images works with, made once of this machine's files and kept as OCI layouts."""
import concurrent.futures, glob, hashlib, json, os, subprocess

KEPT = "/var/tmp/ctool-bench-images"
BIG_BYTES, BIG_LAYERS = 1_270_000_000, 8
MANY_LAYERS, MANY_BYTES = 60, 300_000
PACK = {"gzip": ["gzip", "-6", "-n"], "zstd": ["zstd", "-3", "-q", "-T1"]}


def pieces(top, count, size):
    """`count` lists of the files below `top` (with their folders), in the order of their names, of about `size` bytes each."""
    lists, names, have = [], [], 0
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            names.append(os.path.relpath(path, "/"))
            have += os.lstat(path).st_size
            if have >= size:
                lists.append(names)
                names, have = [], 0
                if len(lists) == count:
                    return lists
    return lists + [names]


def pack_list(names, path):
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
        subprocess.run(["tar", "-C", "/", "--numeric-owner", "--owner=0", "--group=0", "--no-recursion", "--null", "-T", "-", "-c"],
                       input="\0".join(names).encode(errors="surrogateescape"), stdout=out, check=True)


def store(folder, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{folder}/blobs/sha256/{digest}", "wb") as out:
        out.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def add_layer(folder, tar, compression):
    """(diffID, descriptor) of an archive that is put into a layout."""
    with open(tar, "rb") as file:
        diff_id = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()
    packed = subprocess.run([*PACK[compression], "-c", tar], stdout=subprocess.PIPE, check=True).stdout
    return "sha256:" + diff_id, {"mediaType": "application/vnd.oci.image.layer.v1.tar+" + compression, **store(folder, packed)}


def make_layout(folder, tars, compression):
    os.makedirs(folder + "/blobs/sha256")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        layers = list(pool.map(lambda tar: add_layer(folder, tar, compression), tars))
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["sh"]},
                         "rootfs": {"type": "layers", "diff_ids": [diff_id for diff_id, _ in layers]}}).encode()
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                           "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **store(folder, config)},
                           "layers": [layer for _, layer in layers]}).encode()
    index = {"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", **store(folder, manifest),
                                                "annotations": {"org.opencontainers.image.ref.name": "latest"}}]}
    for name, text in (("index.json", json.dumps(index)), ("oci-layout", '{"imageLayoutVersion": "1.0.0"}')):
        with open(f"{folder}/{name}", "w", encoding="ascii") as out:
            out.write(text)


def archives(name):
    """The layers of an image, as archives in KEPT."""
    if name == "debian":  # the root file system that the system tests have made
        return sorted(glob.glob("/var/tmp/*.d/debian-*/base.tar"))[:1]
    lists = pieces("/usr", BIG_LAYERS, BIG_BYTES // BIG_LAYERS) if name == "big" else pieces("/usr/share/doc", MANY_LAYERS, MANY_BYTES)
    paths = [f"{KEPT}/{name}-{number}.tar" for number in range(len(lists))]
    for names, path in zip(lists, paths):
        pack_list(names, path)
    return paths


def layout(name, compression):
    """The folder of an image's layout, or "" when it can't be made."""
    folder = f"{KEPT}/{name}-{compression}"
    if os.path.exists(folder + "/index.json"):
        return folder
    os.makedirs(KEPT, exist_ok=True)
    tars = archives(name)
    if not tars:
        return ""
    subprocess.run(["rm", "-rf", folder, folder + ".new"], check=True)
    make_layout(folder + ".new", tars, compression)
    os.rename(folder + ".new", folder)
    for tar in glob.glob(f"{KEPT}/{name}-*.tar"):
        os.unlink(tar)
    return folder


def describe(folder):
    """(layers, compressed bytes) of a layout."""
    def document(digest):
        with open(f"{folder}/blobs/sha256/{digest.split(':')[1]}", encoding="utf-8") as file:
            return json.load(file)
    with open(folder + "/index.json", encoding="ascii") as file:
        manifest = document(json.load(file)["manifests"][0]["digest"])
    return manifest["layers"], sum(layer["size"] for layer in manifest["layers"])
