# SPDX-License-Identifier: BSD-2-Clause
"""The published SPF suites, with their zones as text zones (mail/dns_zone.h)."""

import sys

try:
    import yaml
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

# How many cases a suite has: one that is read in part must not pass.
SUITES = {"rfc7208-tests.yml": 203, "test.yml": 16}
# pyspf's lax and harsh modes take an old draft's default= for more than an
# unknown modifier and give "fail" and "ambiguous". RFC 7208 section 6 has it
# ignored, as default-modifier-obsolete in the other suite says.
BY_RFC = {"default-modifier": "neutral", "default-modifier-harsh": "neutral"}
TYPES = "A", "AAAA", "MX", "PTR", "TXT"


def load(path):
    """The scenarios of a suite."""
    # BaseLoader leaves all scalars text: an address is no number.
    with open(path, encoding="utf-8") as file:
        return list(yaml.load_all(file, Loader=yaml.BaseLoader))


def wanted(name, case):
    """The results that a case may have."""
    want = BY_RFC.get(name, case["result"])
    return want if isinstance(want, list) else [want]


def escape(text, odd):
    """Octets (YAML has them as characters) with the odd ones as \\DDD."""
    return "".join(f"\\{b:03}" if b <= 32 or b > 126 or chr(b) in odd else chr(b)
                   for b in text.encode("latin-1"))


def name_of(text):
    return escape(text, '\\"#;') or "."


def data_of(rrtype, value):
    if rrtype == "MX":
        return f"{value[0]} {name_of(value[1])}"
    if rrtype in ("PTR", "CNAME"):
        return name_of(value)
    if rrtype != "TXT":
        return value
    strings = value if isinstance(value, list) else [value]
    pieces = [s[i:i + 255] for s in strings for i in range(0, max(len(s), 1), 255)]
    return " ".join(f'"{escape(piece, chr(34) + chr(92))}"' for piece in pieces)


def records_of(entries):
    """(type, value): SPF stands for TXT, unless the name says its TXT itself."""
    found = [next(iter(e.items())) for e in entries if e != "TIMEOUT"]
    own_txt = any(rrtype == "TXT" for rrtype, _ in found)
    records = [("TXT" if rrtype == "SPF" else rrtype, value) for rrtype, value in found
               if not (rrtype == "SPF" and own_txt) and value != "NONE"]
    if "TIMEOUT" in entries:
        there = {rrtype for rrtype, _ in records}
        records += [(rrtype, None) for rrtype in TYPES if rrtype not in there]
    return records


def zone_text(zonedata):
    return "".join(
        f"{name_of(name)} {rrtype} {'!timeout' if value is None else data_of(rrtype, value)}\n"
        for name, entries in zonedata.items() for rrtype, value in records_of(entries))
