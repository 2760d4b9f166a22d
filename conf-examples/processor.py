#!/usr/bin/env python3
"""A processor of your own: decides the events of a job as they are announced.
Kill it, or Redis, whenever you like: each event is decided, and once only.

    SECOPS_KEY=... processor.py http://127.0.0.1:8480 redis://127.0.0.1 \
        acme 1001 first

The key needs the scopes read:event_export and write:decisions; acme is the
domain, 1001 the job, first the name of this process: no two have the same.
"""

import http.client
import json
import os
import sys
import time
from urllib.parse import quote, urlsplit

import redis  # Debian: python3-redis

GROUP, IDLE = "processors", int(os.environ.get("SECOPS_IDLE", 30000))
HEADERS = {"Content-Type": "application/json",
           "X-Arcanna-Api-Key": os.environ["SECOPS_KEY"]}


def decide(event):  # yours: a label of the job, and how sure that is, 0 to 1
    return ("Escalate", 0.9) if event.get("severity") == "high" \
        else ("Drop", 0.6)


def ask(method, path, body=None):  # again until nginx and Redis are there
    while True:
        try:
            web.request(method, path, body and json.dumps(body), HEADERS)
            answer = web.getresponse()
            text = answer.read()
            if answer.status in (200, 404, 409):
                return answer.status, json.loads(text)
            if answer.status < 500 and answer.status != 429:
                sys.exit(f"{method} {path}: {answer.status} {text.decode()}")
        except (OSError, http.client.HTTPException):
            web.close()
        time.sleep(1)


def process(event):  # until it is decided, or gone
    name = f"{job}/{quote(event, safe='')}"
    while True:
        status, known = ask("GET", f"/api/v1/events/{name}/export")
        if status == 404:
            return
        label, confidence = decide(known["arcanna_event"])
        status, _ = ask("PUT", f"/api/secops/v1/events/{name}/decision",
                        {"label": label, "confidence": confidence,
                         "ingest_timestamp": known["ingest_timestamp"]})
        if status != 409:  # the job rests, or the event was replaced
            return
        time.sleep(1)


def work(stream):  # what this process, or one that is no more, has begun; more
    store.xautoclaim(stream, GROUP, me, IDLE, justid=True)
    found = 0
    for begin in "0", ">":
        for _, entries in store.xreadgroup(GROUP, me, {stream: begin}, 100):
            for number, entry in entries:
                if entry and entry["type"] == "accepted":
                    process(entry["event"])
                store.xack(stream, GROUP, number)
                found += 1
    return found


url, where, domain, job, me = sys.argv[1:]
web = (http.client.HTTPSConnection if url.startswith("https:")
       else http.client.HTTPConnection)(urlsplit(url).netloc, timeout=30)
store = redis.from_url(where, decode_responses=True)
streams = [f"secops:{{{domain}:{shard:x}}}:evq:{job}" for shard in range(16)]

while True:
    try:
        for stream in streams:
            try:
                store.xgroup_create(stream, GROUP, "0", mkstream=True)
            except redis.ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
        while True:
            if not sum(work(stream) for stream in streams):
                time.sleep(0.2)
    except redis.RedisError as error:
        print(f"Redis: {error}", file=sys.stderr, flush=True)
        time.sleep(1)
