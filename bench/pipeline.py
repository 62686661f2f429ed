# SPDX-License-Identifier: BSD-2-Clause
"""The part of bench/forward that forwards mail through real servers.

smtp-source -> server -> smtp-sink, with one alias: Postfix with auth-policy
and forward, Postfix with virtual_alias_maps, the same with PostSRSd, and
chasquid with the same alias file. All run from the start, each twice, with its
queue on a tmpfs and on the disk of /var/tmp; the load goes from one to the next
in rounds, in portions. A message counts when the sink has it. CPU is that of all processes
of a server, with its filters, until then.
"""
import collections
import glob
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import lib
import postfix
import world
from lib import SMALL, write
from world import CLIENT, HELO, SENDER

SINK = "192.0.2.25"
RECORDS = ["gmail.example. MX 10 mx.gmail.example.",
           "mx.gmail.example. A " + SINK]
# Not the server's: the load, the far side, and what counts.
OTHERS = ("smtp-source", "smtp-sink", "python3", "unbound", "perf")
# Processes that live on are counted to the nanosecond.
MAIN = """max_use = 1000000
max_idle = 1h
alias_database =
smtp_tls_security_level = none
"""
MAPS = """{address}:{port} inet n - n - - smtpd
 -o cleanup_service_name=cleanup-{name}
cleanup-{name} unix n - n - 0 cleanup
 -o virtual_alias_maps=hash:{top}/virtual
"""
SRS = """ -o sender_canonical_maps=tcp:127.0.0.1:10001
 -o sender_canonical_classes=envelope_sender
 -o recipient_canonical_maps=tcp:127.0.0.1:10002
 -o recipient_canonical_classes=envelope_recipient,header_recipient
"""
CHASQUID = """hostname: "mail.example.org"
smtp_address: "{address}:{port}"
submission_address: "127.0.0.1:{submission}"
submission_over_tls_address: "127.0.0.1:{tls}"
mail_delivery_agent_bin: "/bin/false"
data_dir: "{top}/data"
mail_log_path: "{top}/mail.log"
"""
# chasquid refuses what would be over 200 in its queue: sent at once are
BATCH = 160
PERF = ["perf", "record", "-q", "-F", "1999", "-o"]


class Server:
    """One that forwards, at its port, with what its mail must have."""

    def __init__(self, name, place, port, wanted):
        self.name, self.place, self.port = name, place, port
        self.wanted = wanted
        self.rates, self.cpu, self.shares = [], [], collections.Counter()


def fetch_chasquid(folder):
    """Unpacked, for it can't be installed beside Postfix; None without it."""
    program = folder + "/chasquid/usr/bin/chasquid"
    if not os.path.exists(program):
        with tempfile.TemporaryDirectory() as temp:
            if subprocess.run(["apt-get", "download", "-q", "chasquid"],
                              cwd=temp, stdout=sys.stderr).returncode == 0:
                subprocess.run(["dpkg", "-x", *glob.glob(temp + "/*.deb"),
                                folder + "/chasquid"], check=True)
    return program if os.path.exists(program) else None


def cpu_by_name():
    """CPU seconds of all processes here that belong to a server."""
    found = collections.Counter()
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path) as f:
                name = f.read().strip()
            if name not in OTHERS:
                found[name] += lib.cpu_seconds(int(path.split("/")[2]))
        except OSError:
            pass
    return found


def start_postfix(place, top, sockets):
    """Its services; each has a port."""
    os.makedirs(top)
    os.chmod(top, 0o755)
    write(top + "/virtual", "i@example.net box@gmail.example\n")
    base = {"tmpfs": 2525, "disk": 2625}[place]
    services = postfix.SERVICE.format(
        address=CLIENT, port=base, sockets=",".join("unix:" + s
                                                    for s in sockets))
    servers = [Server("postfix+millrace", place, base,
                      [b"<SRS0=", b"\nARC-Seal:", b"\nX-Forwarded-For:"])]
    for i, name in enumerate(("virtual", "postsrsd")):
        services += MAPS.format(address=CLIENT, port=base + 1 + i, name=name,
                                top=top)
    servers.append(Server("postfix+virtual", place, base + 1,
                          [b"<alice@example.org>"]))
    if shutil.which("postsrsd"):
        services += SRS
        servers.append(Server("postfix+postsrsd", place, base + 2,
                              [b"<SRS0="]))
    postfix.start_postfix(
        top, postfix.MAIN.format(top=top, address=CLIENT) + MAIN,
        postfix.MASTER + services)
    subprocess.run(["postmap", "-c", top + "/conf", "hash:" + top +
                    "/virtual"], check=True)
    return servers


def start_chasquid(program, place, top, work):
    port = {"tmpfs": 2535, "disk": 2635}[place]
    write(top + "/conf/chasquid.conf", CHASQUID.format(
        address=CLIENT, port=port, submission=port + 1, tls=port + 2, top=top))
    write(top + "/conf/domains/example.net/aliases", "i: box@gmail.example\n")
    certs = top + "/conf/certs/mail.example.org"
    os.makedirs(certs)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-subj", "/CN=mail.example.org", "-keyout",
                    certs + "/privkey.pem", "-out", certs + "/fullchain.pem"],
                   check=True, stderr=subprocess.DEVNULL)
    with open(top + "/log", "wb") as log:
        subprocess.Popen([program, "--config_dir", top + "/conf"],
                         stdout=log, stderr=log)
    lib.wait_for_port("chasquid", CLIENT, port)
    return Server("chasquid", place, port, [b"+fwd_from=alice="])


def send(server, work, count):
    """Seconds until the sink has all, and CPU seconds by name until then."""
    before, start = cpu_by_name(), time.monotonic()
    for sent in range(BATCH, count + 1, BATCH):
        source = subprocess.Popen(
            ["smtp-source", "-s", "16", "-m", str(BATCH), "-F",
             "%s/%d.eml" % (work, SMALL), "-f", SENDER, "-t", "i@example.net",
             "-M", HELO, "%s:%d" % (CLIENT, server.port)])
        while (len(os.listdir(work + "/ram/sink")) < sent and
               time.monotonic() < start + 120):
            # Not to wait for something, but to leave the CPU to others.
            time.sleep(0.01)
        if source.wait() != 0:
            sys.exit("bench: %s refused mail" % server.name)
    return time.monotonic() - start, cpu_by_name() - before


def check_sink(server, work, count):
    """All that the sink has is whole, and was forwarded as it must be."""
    paths = glob.glob(work + "/ram/sink/*")
    until = time.monotonic() + 5
    bad = paths
    while bad and time.monotonic() < until:
        bad = [path for path in bad if not is_whole(server, path)]
        time.sleep(0.05 if bad else 0)
    if bad or len(paths) != count:
        sys.exit("bench: %s: %d messages of %d, %d of them wrong" % (
            server.name, len(paths), count, len(bad)))
    for path in paths:
        os.unlink(path)


def is_whole(server, path):
    with open(path, "rb") as f:
        message = f.read()
    return (len(message) > SMALL and b"<box@gmail.example>" in message and
            all(text in message for text in server.wanted))


def start_all(options, work, places, sockets):
    """Sink and servers, in the order in which they take turns."""
    os.mkdir(work + "/ram/sink")
    shutil.chown(work + "/ram/sink", "nobody")
    subprocess.Popen(["smtp-sink", "-u", "nobody", "-c", "-d",
                      work + "/ram/sink/%M.", SINK + ":25", "500"],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    servers = []
    for place, folder in places.items():
        servers += start_postfix(place, folder + "/postfix", sockets)
        if options.chasquid:
            servers.append(start_chasquid(options.chasquid, place,
                                          folder + "/chasquid", work))
    return servers


def show(options, servers, place, filesystem):
    print("\nforwarded: messages of 4 KiB, 16 clients, queues on %s (%s)" % (
        place, filesystem))
    print("%-18s %12s %12s" % ("server", "delivered/s", "CPU ms/msg"))
    for s in servers:
        if s.place == place:
            print("%-18s %12.1f %12.3f" % (s.name, statistics.median(s.rates),
                                           statistics.median(s.cpu)))


def show_shares(server):
    total = sum(server.shares.values())
    print("\nCPU of %s by process: %s" % (server.name, ", ".join(
        "%s %.1f %%" % (name, 100 * cpu / total)
        for name, cpu in server.shares.most_common() if cpu > total / 200)))


def show_libraries(server, work, pids):
    """Of the filters, where perf can be had."""
    if not shutil.which("perf"):
        return
    data = work + "/perf.data"
    perf = subprocess.Popen(PERF + [data, "-p", ",".join(map(str, pids))],
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    send(server, work, 10 * BATCH)
    check_sink(server, work, 10 * BATCH)
    perf.send_signal(2)
    perf.wait()
    text = subprocess.run(
        ["perf", "report", "-i", data, "--stdio", "--sort", "comm,dso",
         "--percent-limit", "1"], capture_output=True, text=True).stdout
    print("the filters' own, by library:")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            print("   " + line.rstrip())


def run(options, work, filters):
    """Given the filters that are in line behind Postfix."""
    disk = tempfile.mkdtemp(prefix="bench.", dir="/var/tmp")
    try:
        os.chmod(disk, 0o755)
        places = {"tmpfs": work + "/ram", "disk": disk}
        os.mkdir(places["tmpfs"])
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs",
                        places["tmpfs"]], check=True)
        servers = start_all(options, work, places,
                            [f.path for f in filters])
        measure(options, servers, work)
        for place, folder in places.items():
            show(options, servers, place, subprocess.run(
                ["df", "--output=fstype", folder], check=True,
                capture_output=True, text=True).stdout.split()[1])
        for server in servers:
            if server.place == "tmpfs":
                show_shares(server)
                if server.name == "postfix+millrace":
                    show_libraries(server, work, [f.process.pid
                                                  for f in filters])
    finally:
        shutil.rmtree(disk)


def measure(options, servers, work):
    for i in range(options.rounds + 1):
        turn = i % len(servers)
        for server in servers[turn:] + servers[:turn]:
            # The first round, a short one, only starts the processes.
            count = options.mails // BATCH * BATCH if i else BATCH
            seconds, cpu = send(server, work, count)
            check_sink(server, work, count)
            if i:
                server.rates.append(count / seconds)
                server.cpu.append(1000 * sum(cpu.values()) / count)
                server.shares += cpu
