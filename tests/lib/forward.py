# SPDX-License-Identifier: BSD-2-Clause
"""forward as a process of its own, with two domains, over the milter protocol."""

import base64
import os
import subprocess
import sys

from milter import CONTINUE, Milter

BUILD = os.environ.get("BUILD", "build")
NOW = 1780000000
ALIASES = """\
i: me@box.example
both: me@box.example, you@box.example
twice: me@box.example, i
local: user
gone: !refuse This address is closed
dangling: nobody@example.org
copy: copy, me@box.example
"""
FIELDS = [("From", " Bob <bob@sender.example>"), ("To", " i@example.org"), ("Subject", " a test"),
          ("Date", " Thu, 28 May 2026 20:26:40 +0000"), ("Message-ID", " <1@sender.example>")]
BODY = b"Hello.\r\n"


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


class Forward:
    def __init__(self, folder):
        self.folder, self.socket = folder, os.path.join(folder, "sock")
        self.conf, self.state = os.path.join(folder, "conf"), os.path.join(folder, "state")
        for domain in "example.org", "example.net":
            write(f"{self.conf}/domains/{domain}/aliases",
                  ALIASES if domain == "example.org" else "*: *@box.example\n")
        write(f"{self.state}/domains/example.org/users", "user:{PLAIN}x\n", 0o640)
        write(f"{self.state}/srs/20260101.secret", "an old secret of 16\n", 0o640)
        write(f"{self.state}/srs/20260501.secret", "a new secret of 16\n", 0o640)
        os.makedirs(f"{self.state}/forward")
        write(f"{self.conf}/millrace.conf", f'state_directory = "{self.state}"\n')
        for domain in "example.org", "example.net":
            subprocess.run([f"{BUILD}/tools/millrace", "-c", self.conf, "dkim", "keygen",
                            "--algorithm", "rsa", "--selector", "s", domain],
                           check=True, stdout=subprocess.DEVNULL)
        self.configure("")
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [f"{BUILD}/forward/forward", "-f", "-c", self.conf], stderr=self.log,
            env=dict(os.environ, MILLRACE_TEST_NOW=str(NOW)))
        self.wait("ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def configure(self, more):
        write(f"{self.conf}/forward.conf",
              f'socket = "unix:{self.socket}"\ngate = off\n{more}\n')

    def wait(self, word):
        while word not in self.lines():
            if self.process.poll() is not None:
                sys.exit(f"Bail out! forward ended: {self.lines()}")

    def lines(self):
        self.log.seek(0)
        return self.log.read()

    def reload(self, more):
        before = self.lines().count("reloaded")
        self.configure(more)
        self.process.send_signal(10)
        while self.lines().count("reloaded") == before:
            pass


def send(forward, sender, recipients, login="", fields=(), client="192.0.2.7", message=None,
         host="", port=4000):
    """Replies to the recipients, edits, last reply. A message is (fields, body)."""
    header, body = message or ([*fields, *FIELDS], BODY)
    session = Milter(forward.socket, client, port, macros={"j": host} if host else None)
    macros = {"i": "4Xabc", **({"{auth_authen}": login} if login else {})}
    session.step(b"H", "mx.sender.example")
    session.step(b"M", f"<{sender}>", macros=macros)
    replies = []
    for recipient in recipients:
        path, *parameters = recipient.split(" ")
        reply = session.step(b"R", f"<{path}>", *parameters)
        replies.append("ok" if reply == CONTINUE else reply[1].rstrip(b"\0").decode())
    if "ok" not in replies:
        session.close()
        return replies, [], None
    reply = CONTINUE
    for name, value in header:
        session.step(b"L", name, value)
    reply = session.step(b"N")
    edits, reply = session.end(body) if reply == CONTINUE else ([], reply)
    session.close()
    return replies, edits, reply[1].rstrip(b"\0").decode() or reply[0].decode()


def sender_of(edits):
    return next((edit.value.decode() for edit in edits if edit.kind == "sender"), "")


def record(forward, domain):
    der = subprocess.run(["openssl", "pkey", "-in", f"{forward.state}/domains/{domain}/dkim/s.pem",
                          "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)
