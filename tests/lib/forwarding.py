# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of forward share: sending as strangers and as users do, and
reading what came of it on the far side, in the world of tests/world."""

import os
import re
import smtplib
import ssl
import subprocess

from smtp import Smtp
from stranger import mail, sign
from world import SENDER, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
POSTFIX, SENDMAIL = "/var/spool/postfix/", "/var/cache/millrace-tests/sendmail-root/var/spool/mqueue"


def honest(name, *fields, author=SENDER.address, **more):
    """Signed by its author's domain."""
    return sign(mail(author, name, *fields, **more), SENDER.domain)


def send(host, by, sender, recipients, message, parameters="", v6=False, **more):
    """As a client does that is told 452 for some: it sends again for those.
    Returns the transactions, each a list of the recipients that were taken,
    and {recipient: (code, text)} of what was said last to each."""
    smtp = Smtp(host.v6 if v6 else host.v4, by.v6 if v6 else by.v4)
    smtp.command(b"EHLO " + more.get("helo", by.helo).encode())
    taken, said = [], {}
    while recipients:
        replies, end = smtp.transaction(sender, recipients, message, parameters)
        said.update(zip(recipients, replies))
        now = [to for to, reply in zip(recipients, replies) if reply[0] == 250]
        said.update((to, end) for to in now)
        if not now or end[0] != 250:
            break
        taken.append(now)
        recipients = [to for to in recipients if said[to][0] == 452]
    smtp.close()
    return taken, said


def submit(host, user, recipients, message):
    """{recipient: (code, text)}, by submission."""
    context = ssl.create_default_context(cafile=os.environ["CA"])
    context.check_hostname = False
    smtp = smtplib.SMTP(host.v4, 587, "home.isp.example", 90, (os.environ["USER4"], 0))
    smtp.starttls(context=context)
    smtp.login(user, "secret")
    smtp.mail(user)
    said = {to: smtp.rcpt(to) for to in recipients}
    end = smtp.data(message)
    smtp.close()
    return {to: end if reply[0] == 250 else reply for to, reply in said.items()}


def queued(queue, pattern="."):
    """The files of a queue."""
    return [name for _, _, names in os.walk(queue) for name in names if re.match(pattern, name)]


def idle():
    """Whatever was taken has come to its end, or is held."""
    return not queued(SENDMAIL, "qf") and not any(
        queued(POSTFIX + queue) for queue in ("maildrop", "incoming", "active", "deferred"))


def held(host):
    return queued(POSTFIX + "hold") if host.name == "mail" else queued(SENDMAIL, "hf")


def wait_idle():
    return wait_for(idle)


def verify(paths):
    """Of each message: {(verifier, algorithm, domain): "pass" or what was wrong}, by
    dkimpy, Mail::DKIM and opendkim."""
    done = subprocess.run([os.path.join(HERE, "../world/verify"), *paths],
                          capture_output=True, text=True, check=True)
    found = {path: {} for path in paths}
    for line in done.stdout.splitlines():
        path, verifier, algorithm, domain, _, said, *_ = line.split(" ")
        of = found[path].setdefault((verifier, algorithm, domain), said)
        if of == "pass":
            found[path][verifier, algorithm, domain] = said
    return found
