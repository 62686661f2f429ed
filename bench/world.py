# SPDX-License-Identifier: BSD-2-Clause
"""The world of bench/inbound and bench/forward: a stranger and a name server.

Both run again in namespaces of their own (unshare), where an unbound serves
what exists: the stranger is alice@example.org, whose client passes SPF by an
include and whose messages are signed, under p=reject.
"""
import base64
import os
import shutil
import subprocess
import sys
import tempfile
import time

import lib
from lib import write

CLIENT, HELO, SENDER = "192.0.2.1", "mx.example.org", "alice@example.org"
# Not 127.0.0.1, where libunbound in opendkim asks nobody.
NAMESERVER = "192.0.2.53"
RECEIVER = "mail.example.org"
HEADER = """From: Alice Example <alice@example.org>
To: Bob Example <bob@example.net>
Subject: The figures of last week
Date: Tue, 14 Nov 2023 22:13:20 +0000
Message-ID: <bench@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit
"""
LINES = (
    "thank you for the figures of last week.  I went through them again,\n",
    "and it seems to me that the second column counts the  returned ones  \n",
    "\n",
    "> Could you have a look?\t The sheet is in the usual folder.\n",
)


def read_key(work, name, *form):
    """DER, of Ed25519 the 32 octets at its end."""
    der = subprocess.run(["openssl", "pkey", "-in", "%s/%s.pem" % (work, name),
                          "-outform", "DER", *form], check=True,
                         capture_output=True).stdout
    return base64.b64encode(der[-32:] if name == "ed" else der)


def sign(work, text, names):
    """Signed by dkimpy, so that no contestant reads its own."""
    import dkim
    message = text.replace("\n", "\r\n").encode()
    signed = b""
    for name in names:
        with open("%s/%s.pem" % (work, name), "rb") as f:
            key = f.read()
        if name == "ed":
            key = read_key(work, name)
        signed += dkim.sign(
            message, name.encode(), b"example.org", key,
            canonicalize=(b"relaxed", b"relaxed"),
            signature_algorithm=b"ed25519-sha256" if name == "ed"
            else b"rsa-sha256")
    return signed.decode().replace("\r\n", "\n")


def make_message(work, size, names):
    """A message of the stranger, signed with these keys."""
    block = "".join(LINES)
    text = HEADER + "\n" + block * (size // len(block))
    return sign(work, text, names) + text


def txt(text):
    return " ".join('"%s"' % text[i:i + 250] for i in range(0, len(text), 250))


def start_dns(work, more=()):
    """unbound, with all that exists; what runs here asks it by resolv.conf."""
    records = [
        "example.org. MX 10 mx.example.org.",
        "example.org. TXT " + txt("v=spf1 include:_spf.example.org -all"),
        "_spf.example.org. TXT " + txt(
            "v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 "
            "ip4:192.0.2.0/28 -all"),
        "mx.example.org. A 192.0.2.1",
        "mx.example.org. TXT " + txt("v=spf1 a -all"),
        "1.2.0.192.in-addr.arpa. PTR mx.example.org.",
        "_dmarc.example.org. TXT " + txt(
            "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"), *more
    ]
    for name, kind in (("rsa", "rsa"), ("ed", "ed25519")):
        records.append("%s._domainkey.example.org. TXT " % name + txt(
            "v=DKIM1; k=%s; p=%s" % (kind, read_key(work, name, "-pubout").decode())))
    write(work + "/unbound.conf", """server:
    interface: %s
    access-control: 192.0.2.0/24 allow
    chroot: ""
    username: ""
    directory: "%s"
    pidfile: ""
    use-syslog: no
    logfile: "%s/unbound.log"
    do-ip6: no
    module-config: "iterator"
    local-zone: "." static
    local-data: ". 3600 IN SOA ns. admin. 1 3600 600 86400 3600"
    local-zone: "2.0.192.in-addr.arpa." transparent
%sremote-control:
    control-enable: no
""" % (NAMESERVER, work, work, "".join("    local-data: '%s'\n" % r.replace(
        ". ", ". 3600 IN ", 1) for r in records)))
    process = subprocess.Popen(["unbound", "-d", "-c",
                                work + "/unbound.conf"])
    write(work + "/resolv.conf", "nameserver %s\n" % NAMESERVER)
    subprocess.run(["mount", "--bind", work + "/resolv.conf",
                    "/etc/resolv.conf"], check=True)
    import dns.resolver
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        try:
            dns.resolver.resolve("_dmarc.example.org", "TXT", lifetime=1)
            return
        except Exception:
            time.sleep(0.05)
    sys.exit("bench: unbound does not answer")


def enter():
    """Runs this again in a world; its folder goes when the world has ended."""
    work = tempfile.mkdtemp(prefix="bench.")
    os.chmod(work, 0o755)
    done = subprocess.run(lib.WORLD + [sys.executable] + sys.argv,
                          env={**os.environ, "BENCH_WORK": work})
    shutil.rmtree(work)
    sys.exit(done.returncode)


def bring_up(*more):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (CLIENT, NAMESERVER, *more):
        subprocess.run(["ip", "address", "add", address + "/32", "dev", "lo"],
                       check=True)
