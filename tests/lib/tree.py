# SPDX-License-Identifier: BSD-2-Clause
"""The project's own files, without what a build or git puts beside them."""

import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOT_OURS = {"autom4te.cache", "build", "build-aux", "_build", "_inst", "__pycache__"}
GENERATED = {"configure", "aclocal.m4", "Makefile", "Makefile.in", "config.h.in",
             "config.h", "config.log", "config.status", "stamp-h1", "libtool"}


def walk(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in NOT_OURS and f[0] != "."]
        for name in set(names) - GENERATED:
            yield os.path.relpath(os.path.join(folder, name), root)


def files(root=ROOT):
    """Paths from the root, sorted; as git lists them where git is."""
    if os.path.exists(os.path.join(root, ".git")) and shutil.which("git"):
        git = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z",
             "--cached", "--others", "--exclude-standard"],
            capture_output=True, text=True, check=False)
        if git.returncode == 0:
            names = set(git.stdout.split("\0")) - {""}
            return sorted(n for n in names if os.path.isfile(os.path.join(root, n))
                          and not NOT_OURS & set(n.split("/")))
    return sorted(walk(root))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()
