# SPDX-License-Identifier: BSD-2-Clause
"""Messages that `millrace sign` signs, for verifiers to try."""

import base64
import os
import re
import subprocess

from corpus import DATA, built, data

DOMAIN, NOW = "interop.example", 1750000000
CANONS = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"]
HEADER = b"From: A <a@interop.example>\r\nTo: b@y.example\r\nSubject: x\r\n"

OWN = {
    "no body at all": b"From: a@interop.example\r\n",
    "empty body": HEADER + b"\r\n",
    "CRLF only": HEADER + b"\r\n\r\n",
    "blank lines": HEADER + b"\r\n" + b"\r\n" * 5000,
    "no end of line": HEADER + b"\r\nbody",
    "white space": HEADER + b"\r\n \t\r\na  b \t c \r\n\t\r\n \r\n",
    "LF": (HEADER + b"\r\nline\r\n\r\n  line \r\n").replace(b"\r\n", b"\n"),
    "NUL": HEADER + b"\r\na\0b \0\r\n\0\r\n",
    "lone CR": HEADER + b"\r\na\rb \r c\r\n\r \r\n",
    "8-bit": HEADER + b"\r\n\xff\xfe \xe4\xf6\xfc\r\n",
    "UTF-8 header": "From: \u00c4 <\u00e4@interop.example>\r\n"
                    "Subject: \u20ac \u3042\r\n\r\nx\r\n".encode(),
    "folds": b"From:\r\n\tA\r\n <a@interop.example>\r\nSubject: a \t\r\n\t b\r\n   c  \r\n"
             b"References:\r\n <1@x>\r\n <2@x>\r\n\r\nx\r\n",
    "spaces before the colon": b"From : a@interop.example\r\nSubject :  two  spaces \r\n\r\nx\r\n",
    "no value": HEADER + b"Cc:\r\nReply-To: \r\nSender:\r\n \t\r\n\r\nx\r\n",
    "the same twice": HEADER + b"To: 2\r\nSubject: 2\r\nTo: 3\r\nReferences: 1\r\nList-Id: 1\r\n"
                      b"References: 2\r\nlist-id: 2\r\n\r\nx\r\n",
    "long lines": HEADER + b"X: " + b"y" * 5000 + b"\r\nReply-To: " + b"z " * 3000
                  + b"\r\n\r\n" + b"w" * 100000 + b"\r\n" + b" v" * 50000 + b"\r\n",
    "many fields": HEADER + b"X-Other: 1\r\n" * 2000 + b"Cc: 2\r\n" * 300 + b"\r\nx\r\n",
    "signatures below": b"DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=s; h=from; bh=; b=\r\n"
                        b"ARC-Seal: i=1\r\n" + HEADER + b"\r\nx\r\n",
    "dots": HEADER + b"\r\n.\r\n..\r\n.x\r\n",
}


def crlf(message):
    """As it goes over the wire."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", message)


def is_mail(message):
    """A header of fields alone, and one From among them."""
    head = re.split(rb"\r?\n\r?\n", message, maxsplit=1)[0]
    fields = re.split(rb"\r?\n(?![ \t])", head.rstrip(b"\r\n"))
    return all(re.match(rb"[!-9;-~]+[ \t]*:", f) for f in fields) and \
        sum(bool(re.match(rb"from[ \t]*:", f, re.I)) for f in fields) == 1


def messages(tap):
    yield from OWN.items()
    for folder in "dkimpy/messages", "mail_dkim/messages":
        if not data(tap, folder):
            continue
        for name in sorted(os.listdir(os.path.join(DATA, folder))):
            with open(os.path.join(DATA, folder, name), "rb") as file:
                text = file.read()
            if name.endswith((".msg", ".message", ".txt")) and is_mail(text):
                yield name, text


def openssl(*args):
    return subprocess.run(["openssl", *args], check=True, capture_output=True).stdout


def make_keys(folder):
    """Two keys; their records are made by openssl, not by us."""
    zone = {}
    for name, args in (("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
                       ("ed25519", ["ED25519"])):
        path = os.path.join(folder, name)
        openssl("genpkey", "-algorithm", *args, "-out", path)
        public = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
        if name == "ed25519":
            public = public[-32:]
        zone[f"{name}._domainkey.{DOMAIN}"] = \
            f"v=DKIM1; k={name}; p={base64.b64encode(public).decode()}"
    return zone


def sign(folder, key, canon, message, selector=None):
    done = subprocess.run(
        [built("tools/millrace"), "sign", "--key", os.path.join(folder, key),
         "--domain", DOMAIN, "--selector", selector or key, "--canon", canon,
         "--now", str(NOW), "-"],
        input=message, capture_output=True, check=False)
    if done.returncode or done.stderr:
        return None, f"exit {done.returncode}: {done.stderr.decode()}"
    if not done.stdout.startswith(b"DKIM-Signature:") or not done.stdout.endswith(message):
        return None, "the output is not a field and the message"
    return crlf(done.stdout), ""
