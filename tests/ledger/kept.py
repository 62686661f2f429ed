# SPDX-License-Identifier: BSD-2-Clause
"""What a far side kept, and whether it is as forward must leave it."""

import glob
import json
import os
import re

import plan


def read_kept(folder):
    """Each transaction that a far side kept: what it saw, and the bytes."""
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path, encoding="utf-8") as file:
            seen = json.load(file)
        with open(path[:-5] + ".eml", "rb") as file:
            yield os.path.basename(path), seen, file.read()


def half_made(seen, raw, body_sent, alone):
    """What is wrong with a message that was forwarded, of sender.example. Its
    alias is named where it was sent to that one alone."""
    header, _, body = raw.partition(b"\r\n\r\n")
    fields = "\r\n" + header.decode("utf-8", "replace") + "\r\n"
    if not re.match(r"SRS0=\S+@(%s)$" % "|".join(plan.ALIASES), seen["mail_from"]):
        yield f"sent by <{seen['mail_from']}>"
    for name, count in ("ARC-Seal", 1), ("ARC-Message-Signature", 1), \
            ("ARC-Authentication-Results", 1), ("Authentication-Results", 1):
        if fields.count(f"\r\n{name}:") != count:
            yield f"not {count} {name}"
    signers = re.findall(r"\r\nDKIM-Signature:(?:.|\r\n[ \t])*?\bd=([^; \r]+)", fields)
    ours = [domain for domain in signers if domain in plan.ALIASES]
    if len(ours) != 2 or "sender.example" not in signers:
        yield f"signed by {signers}"
    if "\r\nX-Millrace-Loop:" not in fields:
        yield "no marker against loops"
    if alone and fields.count("\r\nX-Forwarded-For:") != 1:
        yield "its alias is not named"
    if re.search(r"(?i)\r\nX-Millrace-Verdict:", fields):
        yield "the verdict left this host"
    if body != body_sent:
        yield f"the body has {len(body)} bytes, not {len(body_sent)}"
