#!/usr/bin/env python3
"""Asks what is known about each observable before it looks it up, and stores
only what is new.  Python's standard library is all that it needs.

    ask-first.py http://127.0.0.1:8480 blocklist.txt 198.51.100.7 evil.example
"""

import json
import sys
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

TABLE, MAX_AGE, ENGINE = "sn_ti_lookup_result", "7d", "blocklist"
HEADERS = {"Content-Type": "application/json", "X-SecOps-User": "ask-first",
           "X-SecOps-Roles": "sn_sec_cmn.api_write"}


def known(url, observable):  # its worst finding, or None
    query = urlencode({"value": observable, "table": TABLE, "max_age": MAX_AGE})
    try:
        with urlopen(Request(f"{url}/api/secops/v1/subjects?{query}",
                             headers=HEADERS)) as answer:
            return json.load(answer)["result"]["worst"]["finding"]
    except HTTPError as error:
        if error.code != 404:
            raise
        return None


def look_up(blocklist, observable):  # the engine that is to be spared
    with open(blocklist) as lines:
        return "Malicious" if observable in lines.read().split() else "Unknown"


def store(url, record):
    path = "/api/sn_sec_cmn/integration_capabilities/threat_lookup"
    urlopen(Request(url + path, json.dumps(record).encode(), HEADERS)).close()


url, blocklist, *observables = sys.argv[1:]

for observable in observables:
    finding = known(url, observable)
    if finding:
        print(f"{observable}: {finding}, known")
    else:
        finding = look_up(blocklist, observable)
        store(url, {"observable": observable, "finding": finding,
                    "source_engine": ENGINE})
        print(f"{observable}: {finding}, looked up")
