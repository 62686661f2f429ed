# SPDX-License-Identifier: BSD-2-Clause
"""What strangers do to a message before they send it: sign it, pass it on."""

import os
import re

import dkim

SELECTOR = b"s"
FOOTER = b"-- \r\nPassed on by a list.\r\n"


def key(domain):
    with open(os.path.join(os.environ["WORLD"], "strangers", domain + ".pem"), "rb") as file:
        return file.read()


def mail(author, name, *fields, body=b"A body.\r\n"):
    """A message by `author`, or without From if that is empty."""
    lines = [b"From: " + author.encode()] if author else []
    lines += [b"To: friend@inbound.example", b"Subject: " + name.encode(),
              b"Date: Sun, 22 Nov 2026 10:00:00 +0000",
              b"Message-ID: <" + name.encode() + b"@stranger.example>", *fields]
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def sign(message, domain, key_of=None, **options):
    """By `domain`, with its own key or that of another one."""
    options.setdefault("canonicalize", (b"relaxed", b"simple"))
    return dkim.sign(message, SELECTOR, domain.encode(), key(key_of or domain),
                     **options) + message


def seal(message, domain, results):
    """Passed on by `domain`, which says of it `results`, under its seal."""
    said = f"Authentication-Results: {domain}; {results}\r\n".encode()
    fields = dkim.arc_sign(said + message, SELECTOR, domain.encode(), key(domain),
                           domain.encode())
    return b"".join(fields) + said + message


def pass_on(message, domain):
    """As a list does it: with a new subject and a footer, so that signatures
    break, and a seal on what it saw before."""
    author = re.search(rb"(?im)^from:.*@([a-z0-9.-]+)", message)[1].decode()
    message = re.sub(rb"(?m)^Subject: ", b"Subject: [list] ", message, count=1) + FOOTER
    return seal(message, domain, f"dmarc=pass header.from={author}")
