# SPDX-License-Identifier: BSD-2-Clause
"""The world of tests/world, for tests in Python: what arrived on the far side,
what the log says, and auth-policy's configuration."""

import json
import os
import re
import signal
import time

WORLD = os.environ.get("WORLD", "")
CONF = "/etc/millrace"


PATIENCE = 120      # seconds, however busy the machine is


def wait_for(condition):
    """Until it is true; the pause is for the processor's sake only."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.02)


class Host:
    """One of ours: Postfix or Sendmail."""

    def __init__(self, name, v4, v6):
        self.name, self.v4, self.v6 = name, v4, v6
        self.id = name + ".example.org"


class Stranger:
    """Who has a name, addresses and a key."""

    def __init__(self, name):
        self.v4, self.v6 = (os.environ.get(name.upper() + digit) for digit in "46")
        self.domain = {"list": "lists"}.get(name, name) + ".example"
        self.helo, self.address = "mx." + self.domain, "bob@" + self.domain


HOSTS = [Host("mail", os.environ.get("HOME4"), os.environ.get("HOME6")),
         Host("sendmail", os.environ.get("SMHOME4"), os.environ.get("SMHOME6"))]
SENDER, LIST, FORGER = Stranger("sender"), Stranger("list"), Stranger("forger")


class Far:
    """The far side's messages, as (octets, what it saw), by recipient."""

    def __init__(self):
        self.dir = os.path.join(WORLD, "far")
        self.seen = set()
        self.messages, self.all = {}, []

    def read(self):
        for name in sorted(set(os.listdir(self.dir)) - self.seen):
            if name.endswith(".json"):
                self.seen.add(name)
                path = os.path.join(self.dir, name[:-5] + ".eml")
                with open(os.path.join(self.dir, name), encoding="utf-8") as file:
                    saw = json.load(file)
                with open(path, "rb") as file:
                    octets = file.read()
                message = (octets, dict(saw, path=path))
                self.all.append(message)
                for to in saw["rcpt_to"]:
                    self.messages.setdefault(to, []).append(message)

    def find(self, to):
        self.read()
        return self.messages.get(to, [])

    def wait(self, to):
        return wait_for(lambda: self.find(to))

    def about(self, text):
        """Those in which it stands."""
        self.read()
        return [message for message in self.all if text.encode() in message[0]]

    def wait_about(self, text):
        return wait_for(lambda: self.about(text))


class Log:
    """The mail log."""

    def __init__(self):
        self.path = os.path.join(WORLD, "log/mail")

    def end(self):
        return os.path.getsize(self.path)

    def find(self, pattern, start=0):
        """The lines that match, from an octet on."""
        with open(self.path, "rb") as file:
            file.seek(start)
            text = file.read().decode("utf-8", "replace")
        return [line for line in text.split("\n") if re.search(pattern, line)]

    def wait(self, pattern, start=0):
        return wait_for(lambda: self.find(pattern, start))


class Daemon:
    """One of ours, as policy_start or forward_start has started it."""

    def __init__(self, name, pidfile, conf=CONF):
        self.name, self.conf, self.log = name, conf, Log()
        self.pidfile = os.path.join(WORLD, pidfile)

    def pid(self):
        with open(self.pidfile, encoding="ascii") as file:
            return int(file.read())

    def configure(self, *lines, name=None):
        """Writes its configuration; back when it is in force."""
        path = os.path.join(self.conf, name or self.name + ".conf")
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        start = self.log.end()
        os.kill(self.pid(), signal.SIGUSR1)
        said = self.log.wait(rf"{self.name}.*reload", start)
        if not said or "not reloaded" in said[0]:
            raise RuntimeError(f"{lines}: {said}")

    def memory(self, key):
        """VmRSS, VmHWM: KiB."""
        with open(f"/proc/{self.pid()}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(key + ":"))


class Policy(Daemon):
    """auth-policy, for both hosts."""

    def __init__(self):
        super().__init__("auth-policy", "policy.pid")


class Forward(Daemon):
    """forward of one host."""

    def __init__(self, host):
        which = {"mail": "", "sendmail": "-2"}[host.name]
        super().__init__("forward", f"forward{which}.pid", CONF + which)


def split(message):
    """The fields of a header, each as it stands, and the rest from the empty line on."""
    head, line, rest = message.partition(b"\r\n\r\n")
    return re.split(rb"(?<=\r\n)(?![ \t])", head + b"\r\n")[:-1], line[2:] + rest


def name_of(field):
    return field.split(b":", 1)[0].strip().lower()
