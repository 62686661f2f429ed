#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Verifies every DKIM-Signature of the messages that play saved.

usage: verify.py --keys DOMAINS --now SECONDS FOLDER

DOMAINS is the state folder of the filter: DOMAIN/dkim/SELECTOR.pem. The keys'
public halves are taken by openssl(1) and answer dkimpy's DNS questions, so no
code of ours takes part. Prints a line for each signature; always exits with 0
for signatures that fail: the golden transcript says what was expected.
"""
import argparse
import base64
import glob
import os
import re
import subprocess

import dkim


def record(pem):
    """The TXT record for a private key."""
    der = subprocess.run(
        ["openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER"],
        check=True, capture_output=True).stdout
    # An Ed25519 key is the last 32 bytes of its SubjectPublicKeyInfo.
    kind, data = ("ed25519", der[-32:]) if len(der) < 64 else ("rsa", der)
    return b"v=DKIM1; k=%s; p=%s" % (kind.encode(), base64.b64encode(data))


def read_zone(domains):
    zone = {}
    for pem in glob.glob(os.path.join(domains, "*", "dkim", "*.pem")):
        folder, name = os.path.split(pem)
        domain = os.path.basename(os.path.dirname(folder))
        owner = "%s._domainkey.%s." % (name[:-len(".pem")], domain)
        zone[owner.encode()] = record(pem)
    return zone


def tag(value, name):
    found = re.search(rb"(?:^|;)\s*" + name + rb"\s*=\s*([^;]*)", value)
    return found.group(1).strip().decode() if found else "?"


def check(message, zone, number):
    try:
        verifier = dkim.DKIM(message)
    except dkim.DKIMException:
        print("message %d: no message in dkimpy's eyes" % number)
        return
    fields = [v for n, v in verifier.headers
              if n.lower() == b"dkim-signature"]
    for i, value in enumerate(fields):
        try:
            good = verifier.verify(
                idx=i, dnsfunc=lambda name, timeout=5: zone.get(name))
            result = "pass" if good else "fail"
        except dkim.DKIMException as e:
            result = "error: %s" % e
        print("message %d: d=%s s=%s a=%s %s" % (
            number, tag(value, b"d"), tag(value, b"s"), tag(value, b"a"),
            result))
    if not fields:
        print("message %d: no signature" % number)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--keys", required=True)
    options.add_argument("--now", type=int, required=True)
    options.add_argument("folder")
    options = options.parse_args()
    # The signatures were made by a clock that stands still.
    dkim.time.time = lambda: options.now
    zone = read_zone(options.keys)
    numbers = [int(os.path.basename(p)[:-4])
               for p in glob.glob(os.path.join(options.folder, "*.eml"))]
    for n in sorted(numbers):
        with open(os.path.join(options.folder, "%d.eml" % n), "rb") as f:
            check(f.read(), zone, n)


main()
