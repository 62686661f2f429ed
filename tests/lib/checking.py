# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of "millrace check" share: a domain whose name servers have
what "millrace dns" prints, and what the command finds there."""

import contextlib
import http.server
import json
import os
import re
import ssl
import subprocess
import threading

import zones

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
MILLRACE = os.path.join(BUILD, "tools/millrace")
DOMAIN, HOST = "example.org", "mail.example.org"
PTR4 = "25.0.18.198.in-addr.arpa."
PTR6 = "5.2." + "0." * 22 + "2.0.0.0.1.0.0.2.ip6.arpa."
SERVERS = [f"ns0.example.net. A {zones.NS0}", f"ns1.example.net. A {zones.NS1}",
           f"ns1.example.net. AAAA {zones.NS1_SIX}", f"ns2.example.net. A {zones.NS2}"]
# Other hosts, for worlds that lead there.
OTHERS = ["other.example.net. A 198.18.0.99", "other.example.net. AAAA 2001:2::99",
          f"www.example.org. A {zones.HOST4}", f"www.example.org. AAAA {zones.HOST6}",
          "alias.example.org. CNAME mail.example.org."]
# The zone is signed, as far as its parent is asked.
SIGNED = f"{DOMAIN}. DS 20326 13 2 " + "0f" * 32
POLICY_HOST = "mta-sts.example.org"
POLICY_PLACE = f"{POLICY_HOST}. A {zones.WEB4}"


class PolicyServer:
    """A web server for the policy of MTA-STS, with certificates by a CA of its
    own, and by one that nobody knows."""

    def __init__(self, work):
        self.path = os.path.join(work, "web")
        os.mkdir(self.path)
        self.server = None
        self.asked = []
        for authority in "ca", "stranger":
            self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                         "-nodes", "-keyout", authority + ".key", "-out", authority + ".pem",
                         "-days", "30", "-subj", "/CN=" + authority)
        self.certificate("good", POLICY_HOST, "ca")
        self.answer()

    def openssl(self, *arguments):
        subprocess.run(["openssl"] + list(arguments), cwd=self.path, check=True,
                       stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def certificate(self, name, host, authority, *options):
        with open(f"{self.path}/{name}.ext", "w", encoding="utf-8") as file:
            file.write(f"subjectAltName=DNS:{host}\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=x")
        self.openssl("x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey",
                     authority + ".key", "-CAcreateserial", "-extfile", name + ".ext", "-out",
                     name + ".pem", *(options or ("-days", "30")))

    def answer(self, body=f"version: STSv1\nmode: enforce\nmx: {HOST}\nmax_age: 604800\n",
               status=200, kind="text/plain", **headers):
        self.body, self.status, self.kind, self.headers = body, status, kind, headers

    def start(self, certificate="good", address=zones.WEB4):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append((self.headers["Host"], self.path))
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                if outer.kind:
                    self.send_header("Content-Type", outer.kind)
                self.end_headers()
                self.wfile.write(outer.body.encode())

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = zones.family(address)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.path}/{certificate}.pem", f"{self.path}/{certificate}.key")
        self.server = Server((address, 443), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None


class World:
    def __init__(self, work):
        self.work, self.conf = work, os.path.join(work, "conf")
        self.bin = os.path.join(work, "bin")
        self.certificate = os.path.join(work, "cert.pem")
        os.makedirs(os.path.join(self.conf, "domains", DOMAIN))
        os.mkdir(self.bin)
        self.no_postfix()
        self.settings()
        self.servers = zones.Servers(work)
        self.web = PolicyServer(work)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", work + "/key.pem",
                        "-out", self.certificate, "-days", "30", "-subj", f"/CN={HOST}"],
                       stderr=subprocess.DEVNULL, check=True)
        self.run("dkim", "keygen", "--selector", "s", DOMAIN)

    def settings(self, forward=""):
        with open(os.path.join(self.conf, "millrace.conf"), "w", encoding="utf-8") as file:
            file.write(f'resolver = {{"{zones.RESOLVER}"}}\n'
                       f'state_directory = "{self.work}/state"\n')
        with open(os.path.join(self.conf, "forward.conf"), "w", encoding="utf-8") as file:
            file.write(forward)

    def program(self, name, script):
        with open(os.path.join(self.bin, name), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script + "\n")
        os.chmod(file.name, 0o755)

    def postconf(self, script):
        """What Postfix's says, whatever this host has."""
        self.program("postconf", script)

    def no_postfix(self):
        """Its own postconf waits for a second before it says so."""
        self.postconf("echo 'postconf: fatal: no main.cf' >&2; exit 1")

    def postfix(self, services=("smtp",), star="", **settings):
        """One with these settings, these names of its client in master.cf, and
        this for "*" in any table."""
        self.postconf('case "$1" in -x) cat <<END;; -Px) ;; -M) cat <<MASTER;; *) exit 1; esac\n' +
                      "".join(f"{name} = {value}\n" for name, value in settings.items()) + "END\n" +
                      "".join(f"{name} unix - - y - - smtp\n" for name in services) +
                      "uucp unix - n n - - pipe\nMASTER")
        self.program("postmap", f'[ "$1 $2" = "-q *" ] && [ -n "{star}" ] && echo "{star}"')

    def run(self, *arguments, **changes):
        env = dict(os.environ, SSL_CERT_FILE=self.web.path + "/ca.pem")
        env["PATH"] = self.bin + ":" + env["PATH"]
        env.update(changes)
        done = subprocess.run([MILLRACE, "-c", self.conf] + list(arguments), capture_output=True,
                              text=True, check=False, env=env, timeout=300)
        return done.returncode, done.stdout, done.stderr

    def host(self):
        return ["--host", HOST, "--address", f"{zones.HOST4},{zones.HOST6}",
                "--certificate", self.certificate]

    def dns(self, *arguments):
        return self.run("dns", *self.host(), *arguments, DOMAIN)

    def check(self, *arguments):
        return self.run("check", "--dns", *self.host(), *arguments, DOMAIN)

    def healthy(self):
        """The lines of the healthy zones: what millrace dns prints, and PTR."""
        self.servers.start(SERVERS)
        _, said, _ = self.dns()
        lines = [line.lstrip(";").replace(" IN ", " ", 1) for line in said.split("\n")
                 if re.match(r";?\S+\. IN ", line)]
        return SERVERS + OTHERS + [POLICY_PLACE, SIGNED] + lines


@contextlib.contextmanager
def etc_mail(work):
    """Sendmail's folder, for us alone. A server that starts within holds /etc."""
    upper = os.path.join(work, "upper")
    os.makedirs(upper, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "upper", upper], check=True)
    for name in "etc", "work", "etc/mail":
        os.mkdir(os.path.join(upper, name))
    subprocess.run(["mount", "-t", "overlay", "etc", "-o", f"lowerdir=/etc,upperdir={upper}/etc,"
                    f"workdir={upper}/work", "/etc"], check=True)
    yield
    subprocess.run(["umount", "--lazy", "/etc"], check=True)
    subprocess.run(["umount", "--lazy", upper], check=True)


def replaced(lines, name, rdtype, *data):
    """The lines with other data at a name; with none there is no record."""
    name = name if name.endswith(".") else name + "."
    kept = [line for line in lines if line.split()[:2] != [name, rdtype]]
    if len(kept) == len(lines) and not data:
        raise ValueError(f"nothing to take out: {name} {rdtype}")
    return kept + [f"{name} {rdtype} {text}" for text in data]


def data_of(lines, name, rdtype):
    return next(line.split(None, 2)[2] for line in lines
                if line.split()[:2] == [name + ".", rdtype])


def found(said):
    """(id, subject) of what is not ok, and the grades."""
    bad = [item for item in json.loads(said) if item["grade"] != "ok"]
    return [(item["id"], item["subject"]) for item in bad], {item["grade"] for item in bad}, bad
