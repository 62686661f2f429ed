# SPDX-License-Identifier: BSD-2-Clause
"""What bench/run, inbound and forward share: contestants, rounds, tables."""
import argparse
import glob
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL, BIG = 4096, 1048576
CONNECTIONS = 16
WORLD = ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork",
         "--kill-child", "--mount-proc", "--propagation", "private"]


class Contestant:
    """What is under load: one process or several, and what it must insert."""

    def __init__(self, name, inserted, load):
        self.name = name
        self.inserted = inserted
        # Options of the load for all sizes under None, and for each size.
        self.options = load
        self.results = {SMALL: [], BIG: []}
        self.idle_kib = self.held_kib = self.after_kib = None

    def parts(self):
        return [self]

    def paths(self):
        return [part.path for part in self.parts()]

    def pids(self):
        return [part.process.pid for part in self.parts()]

    def rss(self):
        kib = 0
        for pid in self.pids():
            with open("/proc/%d/smaps_rollup" % pid) as f:
                kib += sum(int(line.split()[1]) for line in f
                           if line.startswith("Rss:"))
        return kib

    def load(self, options, size, *args):
        command = [options.load, "--connections", CONNECTIONS]
        if self.inserted is not None:
            command += ["--inserted", self.inserted]
        for path in self.paths():
            command += ["--socket", "unix:" + path]
        for pid in self.pids():
            command += ["--pid", pid]
        command += self.options[None] + self.options[size] + list(args)
        done = subprocess.run([str(word) for word in command],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit("bench: %s: %s%s" % (self.name, done.stderr, "".join(
                part.log() for part in self.parts())))
        return json.loads(done.stdout)

    def median(self, size, key):
        return statistics.median(r[key] for r in self.results[size])


class Filter(Contestant):
    """One filter, a process of ours."""

    def __init__(self, name, command, inserted, load):
        super().__init__(name, inserted, load)
        self.command = command

    def start(self, work):
        self.path = os.path.join(work, self.name + ".sock")
        log = open(os.path.join(work, self.name + ".log"), "wb")
        command = [arg.replace("@SOCKET@", self.path) for arg in self.command]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log)
        log.close()
        self.wait()
        os.chmod(self.path, 0o666)

    def wait(self):
        """Until it takes connections. A probe of libmilter does no harm."""
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(self.path)
                    return
                except OSError:
                    time.sleep(0.02)
        sys.exit("bench: %s did not start, see its log:\n%s" % (
            self.name, self.log()))

    def log(self):
        """The end of what it said on its outputs."""
        with open(self.path[:-5] + ".log", errors="replace") as f:
            return f.read()[-2000:]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Chain(Contestant):
    """Filters that are under load by themselves too, one behind the other."""

    def __init__(self, name, filters, inserted, load):
        super().__init__(name, inserted, load)
        self.filters = filters

    def parts(self):
        return self.filters

    def start(self, work):
        pass

    def stop(self):
        pass


def wait_for_port(name, address, port):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection((address, port)).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit("bench: %s did not start" % name)


def cpu_seconds(pid):
    """Of all its threads, those that have ended included, to nanoseconds."""
    # As clock_getcpuclockid() has it.
    return time.clock_gettime(~pid << 3 | 2)


def children(pid):
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat) as f:
                fields = f.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.split("/")[2]))
    return found


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def make_keys(work):
    for name, args in (("rsa", ["rsa", "-pkeyopt", "rsa_keygen_bits:2048"]),
                       ("ed", ["ed25519"])):
        path = os.path.join(work, name + ".pem")
        subprocess.run(["openssl", "genpkey", "-quiet", "-out", path,
                        "-algorithm"] + args, check=True,
                       stderr=subprocess.DEVNULL)
        os.chmod(path, 0o600)


def start_all(filters, work, started):
    for f in filters:
        f.start(work)
        started.append(f)


def measure(options, filters):
    """Rounds over all filters; the first, short one warms up and is lost."""
    for f in filters:
        f.idle_kib = f.rss()
    for f in filters:
        f.load(options, SMALL, "--messages", 200)
    for size in (SMALL, BIG):
        for i in range(options.rounds):
            # Another filter begins each round.
            turn = i % len(filters)
            for f in filters[turn:] + filters[:turn]:
                f.results[size].append(f.load(options, size, "--seconds",
                                              options.seconds))
    for f in filters:
        f.after_kib = f.rss()
        f.held_kib = f.load(options, SMALL, "--idle", options.held,
                            "--only-idle")["rss_kib"]


def show_table(filters, titles):
    for size, title in titles.items():
        print("\n" + title)
        print("%-14s %10s %12s %9s %9s %9s" % (
            "filter", "msgs/s", "CPU ms/msg", "p50 ms", "p99 ms", "RSS MiB"))
        for f in filters:
            print("%-14s %10.0f %12.3f %9.2f %9.2f %9.1f" % (
                f.name, f.median(size, "rate"), f.median(size, "cpu_ms"),
                f.median(size, "p50_ms"), f.median(size, "p99_ms"),
                f.median(size, "rss_kib") / 1024))


def show_memory(options, filters):
    print("\n%-14s %15s %15s %15s" % (
        "memory, MiB", "at start", "after load",
        "{:,} held".format(options.held)))
    for f in filters:
        print("%-14s %15.1f %15.1f %15.1f" % (
            f.name, f.idle_kib / 1024, f.after_kib / 1024, f.held_kib / 1024))


def target(what, value, unit, limit, at_least=False):
    reached = value >= limit if at_least else value <= limit
    print("%-52s %7.2f %-4s (target: at %s %g: %s)" % (
        what, value, unit, "least" if at_least else "most", limit,
        "reached" if reached else "NOT REACHED"))


def through_postfix(options, work, filters, world, **settings):
    """Delivered rates by name; see bench/postfix.py."""
    settings.update(top=work + "/postfix", rounds=options.rounds,
                    count=options.mails, milters=[
                        {"name": f.name, "paths": f.paths(),
                         "inserted": f.inserted} for f in filters])
    write(work + "/postfix.json", json.dumps(settings))
    done = subprocess.run(
        world + [sys.executable, HERE + "/postfix.py", work + "/postfix.json"],
        stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit("bench: the part through Postfix failed")
    rates = json.loads(done.stdout)
    print("\nthrough Postfix: %d messages of 4 KiB, 16 clients, tmpfs queue" %
          options.mails)
    print("%-14s %14s" % ("milter", "delivered/s"))
    for name, rate in rates.items():
        print("%-14s %14.1f" % (name, rate))
    return rates


def read_options(usage, held):
    p = argparse.ArgumentParser(usage=usage)
    p.add_argument("--quick", action="store_true")
    p.add_argument("--no-postfix", action="store_true")
    p.add_argument("--only", default="")
    p.add_argument("--build", default=os.getcwd())
    p.add_argument("--programs", help="where load and the floors are")
    options = p.parse_args()
    options.build = os.path.abspath(options.build)
    options.bench = options.programs or options.build + "/bench"
    options.load = options.bench + "/load"
    options.rounds = 1 if options.quick else 5
    options.seconds = 1 if options.quick else 2
    options.mails = 300 if options.quick else 1500
    options.held = held
    # Connections that are held need descriptors, here and in the filters.
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
    return options


def choose(options, filters):
    wanted = options.only.split(",") if options.only else None
    return [f for f in filters if not wanted or f.name in wanted]


def stop_all(started):
    for f in started:
        f.stop()
