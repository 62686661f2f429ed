# SPDX-License-Identifier: BSD-2-Clause
"""auth-policy as a process, with a DNS of its own, and messages signed by others."""

import base64
import functools
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import types

from milter import Milter, apply, split
from tree import ROOT

try:
    import authres
    import dkim
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
NOW = 1780000000
# dkimpy signs by the clock; tests have none.
dkim.time = types.SimpleNamespace(time=lambda: NOW)
RESULTS = b"authentication-results"


def openssl(*args):
    return subprocess.run(["openssl", *args], check=True, capture_output=True).stdout


class Keys:
    """A RSA and an Ed25519 key, as dkimpy wants them, and their records."""

    def __init__(self, folder):
        rsa, ed25519 = (os.path.join(folder, name) for name in ("rsa", "ed25519"))
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", rsa)
        openssl("genpkey", "-algorithm", "ED25519", "-out", ed25519)
        with open(rsa, "rb") as file:
            self.rsa = file.read()
        der = openssl("pkey", "-in", ed25519, "-outform", "DER")
        self.ed25519 = base64.b64encode(der[-32:])
        self.records = {"rsa": self.record(rsa, "rsa", 0),
                        "ed25519": self.record(ed25519, "ed25519", -32)}

    @staticmethod
    def record(path, kind, start):
        der = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
        text = f"v=DKIM1; k={kind}; p={base64.b64encode(der[start:]).decode()}"
        return " ".join(f'"{text[at:at + 255]}"' for at in range(0, len(text), 255))

    def sign(self, message, domain, selector="rsa", kind=None, **more):
        """The message with a DKIM-Signature in front; a selector may be the key's kind."""
        kind = kind or ("ed25519" if selector == "ed25519" else "rsa")
        options = {"canonicalize": (b"relaxed", b"relaxed"),
                   "include_headers": [b"From", b"To", b"Subject"],
                   "signature_algorithm": f"{kind}-sha256".encode(), **more}
        field = dkim.sign(message, selector.encode("latin-1"), domain.encode(), getattr(self, kind),
                          **options)
        return field + message

    def seal(self, message, domain, results, server="mx.sealer.example"):
        """An ARC set above the message; `results` is what the sealer saw."""
        authenticated = f"Authentication-Results: {server}; {results}\r\n".encode()
        fields = dkim.arc_sign(authenticated + message, b"rsa", domain.encode(), self.rsa,
                               server.encode(), include_headers=[b"From", b"To", b"Subject"],
                               timestamp=NOW)
        return b"".join(fields) + message


class Dns:
    """tests/lib/fake_dns.py with a table."""

    def __init__(self, folder, table):
        path, self.log = os.path.join(folder, "table"), os.path.join(folder, "dns.log")
        with open(path, "w", encoding="utf-8") as file:
            file.write(table)
        self.process = subprocess.Popen(
            [sys.executable, "-B", os.path.join(ROOT, "tests/lib/fake_dns.py"), "--log", self.log,
             path], stdout=subprocess.PIPE, text=True)
        words = self.process.stdout.readline().split()
        if words[:1] != ["ready"]:
            sys.exit("Bail out! the DNS server did not start")
        self.port = int(words[1])

    def asked(self):
        with open(self.log, encoding="utf-8") as file:
            return [line.split()[0] for line in file]

    def end(self):
        self.process.kill()
        self.process.wait()


def setting(value):
    """As the configuration has it."""
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(f'"{item}"' for item in value) + "}"
    return str(value) if isinstance(value, int) else f'"{value}"'


class Daemon:
    """auth-policy; `shared` are settings of millrace.conf, in each configuration."""

    def __init__(self, folder, dns, **shared):
        self.shared = {"resolver": [f"127.0.0.1@{dns.port}"], **shared}
        self.folder, self.socket = folder, os.path.join(folder, "sock")
        self.log = os.path.join(folder, "log")
        self.at = 0  # what of the log has been read
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(os.path.join(folder, "notify"))
        self.notified.settimeout(120)
        self.write({}, {})
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [f"{BUILD}/auth-policy/auth-policy", "-f", "-c", folder], stderr=log,
                env=dict(os.environ, NOTIFY_SOCKET=self.notified.getsockname(),
                         MILLRACE_TEST_NOW=str(NOW)))
        self.wait_ready()

    def write(self, settings, shared):
        texts = {"millrace.conf": {**self.shared, **shared},
                 "auth-policy.conf": {"socket": f"unix:{self.socket}",
                                      "authserv_id": "mx.victim.example", **settings}}
        for name, values in texts.items():
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.writelines(f"{key} = {setting(value)}\n" for key, value in values.items())

    def wait_ready(self):
        while "READY=1" not in self.notified.recv(4096).decode().split("\n"):
            pass

    def configure(self, settings, shared):
        """Reloads; what the log says of that."""
        self.write(settings, shared)
        self.process.send_signal(10)
        self.wait_ready()
        return self.lines()[-1]

    def lines(self):
        """What was logged since. A message's line is there before its reply."""
        with open(self.log, encoding="utf-8") as file:
            file.seek(self.at)
            lines = file.read().split("\n")[:-1]
            self.at = file.tell()
        return [line.removeprefix("auth-policy: ") for line in lines]

    def end(self):
        """Its exit status after an orderly stop."""
        self.process.send_signal(12)
        return self.process.wait(120)


class World:
    """A folder with keys, DNS and daemon, which ends with all of it."""

    def __init__(self, table, **shared):
        self.folder = tempfile.mkdtemp()
        try:
            self.keys = Keys(self.folder)
            self.table = table(self.keys.records)
            self.dns = Dns(self.folder, self.table)
            self.daemon = Daemon(self.folder, self.dns, **shared)
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.daemon.process, self.dns.process:
            if process.poll() is None:
                process.kill()
            process.wait()
        shutil.rmtree(self.folder)


class Outcome:
    """What became of a message: reply, edits, log, the header behind the edits."""

    def __init__(self, edits, reply, fields, log):
        kind, text = reply
        self.edits, self.log, self.fields = edits, log, fields
        self.reply = text.rstrip(b"\0").decode() if kind == b"y" else \
            {b"a": "accept", b"c": "accept"}.get(kind, kind.decode())

    @functools.cached_property
    def results(self):
        """Our Authentication-Results, read by python3-authres."""
        ours = [edit for edit in self.edits if edit.name.lower().encode() == RESULTS]
        return read_results(ours[-1].value) if ours and ours[-1].kind == "insert" else None


def read_results(value):
    text = re.sub(r"\s+", " ", value.decode("ascii"))
    return authres.AuthenticationResultsHeader.parse(f"Authentication-Results:{text}")


def facts(results, *methods):
    """{(method, result, ((type.name, value), ...))} of python3-authres's reading."""
    return [(r.method, r.result, tuple((f"{p.type}.{p.name}", p.value) for p in r.properties))
            for r in results.results if not methods or r.method in methods]


def summary(results):
    """"spf=pass dkim=none dmarc=fail", in their order."""
    return " ".join(f"{result.method}={result.result}" for result in results.results)


def deliver(daemon, message, client="192.0.2.7", port=4000, helo="mx.good.example",
            sender="bob@good.example", login="", host="mta.victim.example", session=None):
    """Hands a message over as a MTA does."""
    fields, body = message if isinstance(message, tuple) else split(message)
    milter = session or Milter(daemon.socket, client, port, macros={"j": host})
    if not session and helo is not None:
        milter.step(b"H", helo)
    edits, reply = milter.deliver(sender, fields, body, {
        "i": "4Xabc", **({"{auth_authen}": login} if login else {})})
    if not session:
        milter.close()
    return Outcome(edits, reply, apply(fields, edits), daemon.lines())
