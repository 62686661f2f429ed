# SPDX-License-Identifier: BSD-2-Clause
"""The part of the benches that sends mail through a real Postfix.

usage: postfix.py SETTINGS.json

Runs inside a world of its own (unshare), which ends with it:
  smtp-source -> smtpd, milter, cleanup -> queue -> smtp -> smtp-sink
One smtpd service for each milter, or chain of milters, so that nothing is
restarted between them. The settings: top (folder to make), rounds, count of
messages, message (a file), address (of smtpd and of its clients), helo,
header (that milters insert), milters (name, paths of sockets, inserted).
Prints the median delivered rates as JSON.
"""
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

MAIN = """compatibility_level = 3.6
myhostname = mail.example.org
mydomain = example.org
mydestination =
relay_domains = example.net
inet_interfaces = 127.0.0.1, {address}
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
queue_directory = {top}/queue
data_directory = {top}/data
maillog_file = {top}/mail.log
maillog_file_prefixes = {top}
default_destination_concurrency_limit = 20
initial_destination_concurrency = 20
alias_maps =
local_recipient_maps =
milter_default_action = tempfail
"""

RELAY = "relayhost = [127.0.0.1]:2600\n"

MASTER = """pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

SERVICE = """{address}:{port} inet n - n - - smtpd
 -o smtpd_milters={sockets}
"""


def run(*command):
    subprocess.run(command, check=True, stdout=sys.stderr)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def start_postfix(top, main, master):
    conf = top + "/conf"
    os.makedirs(conf)
    for folder in ("queue", "data"):
        os.mkdir("%s/%s" % (top, folder))
    shutil.chown(top + "/data", "postfix")
    for name in ("postfix-files", "post-install", "postfix-script"):
        for folder in ("/etc/postfix/", "/usr/share/postfix/",
                       "/usr/lib/postfix/"):
            if os.path.exists(folder + name):
                shutil.copy(folder + name, conf)
                break
    write(conf + "/main.cf", main)
    write(conf + "/master.cf", master)
    run("postfix", "-c", conf, "start")
    return conf


class Log:
    """Counts deliveries as the log of Postfix grows."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.rest = b""
        self.bad = []

    def sent(self):
        lines = (self.rest + self.file.read()).split(b"\n")
        self.rest = lines.pop()
        self.bad += [x for x in lines if b"status=deferred" in x or
                     b"status=bounced" in x or b"milter-reject" in x]
        return sum(b"status=sent" in x for x in lines)


def send(settings, milter, count, log):
    """Seconds from the first connection to the last delivery."""
    log.sent()
    start = time.monotonic()
    source = subprocess.Popen(
        ["smtp-source", "-s", "16", "-m", str(count), "-F",
         settings["message"], "-f", "alice@example.org",
         "-t", "bob@example.net", "-M", settings.get("helo", "localhost"),
         "%s:%d" % (settings["address"], milter["port"])])
    sent = 0
    while sent < count and time.monotonic() < start + 120:
        sent += log.sent()
        # Not to wait for something, but to leave the processor to others.
        time.sleep(0.01)
    if source.wait() != 0 or sent < count or log.bad:
        sys.exit("%s: %d of %d delivered: %s" % (
            milter["name"], sent, count, log.bad[:1]))
    return time.monotonic() - start


def check_sink(settings, milter, count):
    """What arrived must have as many fields as the milter should insert."""
    name = b"\n%s:" % settings["header"].encode()
    with open(settings["message"], "rb") as f:
        before = (b"\n" + f.read()).count(name)
    found = 0
    for path in glob.glob(settings["top"] + "/sink/*"):
        with open(path, "rb") as f:
            found += f.read().count(name)
        os.unlink(path)
    if found != count * (before + milter["inserted"]):
        sys.exit("%s: %d fields %s in %d messages" % (
            milter["name"], found, settings["header"], count))


def main():
    with open(sys.argv[1]) as f:
        settings = json.load(f)
    top, milters = settings["top"], settings["milters"]
    os.mkdir(top)
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", top)
    run("ip", "link", "set", "lo", "up")
    for i, m in enumerate(milters):
        m.update(port=2525 + i, rates=[])
    os.mkdir(top + "/sink")
    shutil.chown(top + "/sink", "nobody")
    subprocess.Popen(["smtp-sink", "-u", "nobody", "-c", "-d",
                      top + "/sink/%M.", "127.0.0.1:2600", "500"],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = settings["address"]
    start_postfix(
        top, MAIN.format(top=top, address=address) + RELAY,
        MASTER + "".join(SERVICE.format(
            address=address, port=m["port"],
            sockets=",".join("unix:" + p for p in m["paths"]))
            for m in milters))
    log = Log(top + "/mail.log")
    for i in range(settings["rounds"] + 1):
        for m in milters:
            # The first round, a short one, only starts the processes.
            n = settings["count"] if i > 0 else 50
            seconds = send(settings, m, n, log)
            check_sink(settings, m, n)
            if i > 0:
                m["rates"].append(n / seconds)
    json.dump({m["name"]: statistics.median(m["rates"]) for m in milters},
              sys.stdout)


if __name__ == "__main__":
    main()
