#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
#
# verify.py RECORDS FILE...: verifies the signature on top of each message with
# dkimpy and prints "pass FILE" or "fail FILE". RECORDS is what "millrace dkim
# dns --format zone" printed.
import re
import sys

import dkim


def read_records(path):
    records = {}
    for line in open(path, encoding="ascii"):
        name, _, rest = line.partition(" IN TXT ")
        strings = re.findall(r'"([^"]*)"', rest)
        if any(len(string) > 255 for string in strings):
            sys.exit(f"{path}: a string of more than 255 octets")
        records[name.encode()] = "".join(strings).encode()
    return records


def verifies(message, records):
    def dns(name, timeout=5):
        return records.get(name.rstrip(b".") + b".")

    try:
        return dkim.DKIM(message).verify(dnsfunc=dns)
    except dkim.DKIMException:
        return False


def main():
    records = read_records(sys.argv[1])
    for path in sys.argv[2:]:
        with open(path, "rb") as file:
            good = verifies(file.read(), records)
        print("pass" if good else "fail", path)


main()
