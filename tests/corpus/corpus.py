# SPDX-License-Identifier: BSD-2-Clause
"""What the tests over published data share: where it is, and a small reader."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from tree import ROOT  # noqa: E402

DATA = os.environ.get("MILLRACE_CORPORA") or os.path.join(ROOT, "../shared/corpora")


def built(path):
    """A program of the build directory."""
    places = [os.environ.get("BUILD"), os.environ.get("top_builddir"),
              os.path.join(ROOT, "build"), "."]
    for place in filter(None, places):
        program = os.path.abspath(os.path.join(place, path))
        if os.access(program, os.X_OK):
            return program
    print(f"Bail out! {path} is not built")
    sys.exit(1)


def data(tap, path):
    """The path of a piece of published data, None (and a SKIP) without it."""
    full = os.path.join(DATA, path)
    if os.path.exists(full):
        return full
    tap.skip(path, "the published data is not here; see MILLRACE_CORPORA")
    return None


def split(message):
    """Fields as (name, value) with their folds, and the body. Any line end."""
    head, _, body = message.partition(b"\n\n" if b"\r\n" not in message else b"\r\n\r\n")
    fields = []
    for field in re.split(rb"\r?\n(?![ \t])", head):
        name, colon, value = field.partition(b":")
        if colon:
            fields.append((name, value))
    return fields, body


def tag(value, name):
    """The value of a tag of a signature, without white space."""
    found = re.search(rb"(?:^|;)\s*" + name + rb"\s*=([^;]*)", value)
    return re.sub(rb"\s", b"", found.group(1)) if found else None


def without_b(value):
    """A signature with an empty b= (RFC 6376 section 3.7)."""
    return re.sub(rb"((?:^|;)\s*b\s*=)[^;]*", rb"\1", value)


def signed_fields(fields, value):
    """The fields that h= names, the lowest of a name first (5.4.2)."""
    left = list(reversed(fields))
    for name in tag(value, b"h").lower().split(b":"):
        for i, field in enumerate(left):
            if field[0].strip().lower() == name:
                yield left.pop(i)
                break
