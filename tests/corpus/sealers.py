# SPDX-License-Identifier: BSD-2-Clause
"""Who adds ARC sets: dkimpy, Mail::DKIM, and what is in mail/arc_seal.c.

Each has seal(message, status), which returns the message with a set on top, and
end().
"""

import os
import subprocess

import dkim

from corpus import built
from driver import NOW
from signed import DOMAIN, HEADER

HERE = os.path.dirname(os.path.abspath(__file__))
MADE, SERVER = NOW - 10, "mx.interop.example"
MAIL = HEADER + b"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n\r\nHi.\r\n\r\nDinner?\r\n"
# dkimpy refuses to seal what has no From.
NOT_FOR_DKIMPY = {"spaces before the colon", "signatures below", "test_nofrom.message"}


def results(status):
    return f"Authentication-Results: {SERVER}; arc={status}; spf=pass\r\n".encode()


class Dkimpy:
    def __init__(self, key):
        with open(key, "rb") as file:
            self.key = file.read()

    def seal(self, message, status):
        fields = dkim.arc_sign(results(status) + message, b"rsa", DOMAIN.encode(), self.key,
                               SERVER.encode(), timestamp=MADE)
        return b"".join(fields) + message

    def end(self):
        pass


class Program:
    """A sealer that is a program."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def fields(self, request):
        self.process.stdin.write(request)
        self.process.stdin.flush()
        return self.process.stdout.read(int(self.process.stdout.readline()))

    def end(self):
        self.process.stdin.close()
        return self.process.wait()


class MailDkim(Program):
    def __init__(self, key):
        super().__init__("/usr/bin/perl", os.path.join(HERE, "seal_mail_dkim.pl"), key, DOMAIN,
                         "rsa", str(MADE), SERVER)

    def seal(self, message, status):
        whole = results(status) + message
        return self.fields(f"{len(whole)} {status}\n".encode() + whole) + message


class Ours(Program):
    def __init__(self, key, domain=DOMAIN, selector="rsa", names=None):
        super().__init__(built("tests/corpus/seal_driver"), key, domain, selector,
                         *([names] if names else []))

    def set_for(self, message, status, payload, now):
        return self.fields(f"{len(message)} {len(payload)} {now} {status}\n".encode()
                           + payload + message)

    def seal(self, message, status):
        return self.set_for(message, status, f" {SERVER};\n\tarc={status};\n\tspf=pass".encode(),
                            MADE) + message


def has_mail_dkim():
    return subprocess.run(["/usr/bin/perl", "-MMail::DKIM::ARC::Signer", "-e1"],
                          capture_output=True, check=False).returncode == 0


def chain(sealers, n, message=MAIL, changes=None):
    """Seals n times, by each in turn; after set k `changes[k]` is done."""
    for i in range(1, n + 1):
        message = sealers[i % len(sealers)].seal(message, "none" if i == 1 else "pass")
        message = (changes or {}).get(i, lambda m: m)(message)
    return message
