# The job in Python: FastAPI on uvicorn (uvloop, httptools), redis-py with
# hiredis; one process for each worker.
# BENCH_PORT, BENCH_WORKERS, BENCH_REDIS (unix:/path)
#
# uvicorn's own --workers share one listening socket, and the first process to
# wake takes most of the connections.  Here each has a socket of its own on the
# same port.

import json
import os
import secrets
import signal
import socket
import time

import uvicorn
from fastapi import FastAPI, Request, Response
from redis.asyncio import ConnectionPool, Redis, UnixDomainSocketConnection
from redis.exceptions import RedisError

ROLE = "sn_sec_cmn.api_write"
MANDATORY = ("observable", "finding", "source_engine")

redis = Redis(connection_pool=ConnectionPool(
    connection_class=UnixDomainSocketConnection,
    path=os.environ["BENCH_REDIS"].removeprefix("unix:"),
    max_connections=512))

app = FastAPI(openapi_url=None)


def answer(status, text):
    return Response(text, status_code=status, media_type="application/json")


def refuse(status, message, detail):
    return answer(status, json.dumps({
        "error": {"message": message, "detail": detail},
        "status": "failure",
    }))


def may_write(roles):
    return roles == ROLE or ROLE in roles.replace(",", " ").split()


async def store(sys_id, user, text, now):
    async with redis.pipeline(transaction=True) as group:
        group.set("rec:" + sys_id, text)
        group.zadd("idx", {sys_id: int(now * 1000)})
        group.xadd("audit", {"user": user, "action": "create", "id": sys_id},
                   maxlen=100000, approximate=True)
        await group.execute()


# with the Request itself as its argument: a model of pydantic in its place
# makes a request cost half as much again

@app.post("/post")
async def create(request: Request):
    headers = request.headers

    if not may_write(headers.get("x-secops-roles", "")):
        return refuse(403, "Insufficient access", ROLE + " is needed")

    try:
        record = json.loads(await request.body())
    except ValueError as error:
        return refuse(400, "Invalid post body", str(error))

    if not isinstance(record, dict):
        return refuse(400, "Invalid post body", "no JSON object")

    for name in MANDATORY:
        value = record.get(name)
        if not isinstance(value, str) or not value:
            return refuse(400, "Mandatory fields missing: " + name, None)

    now = time.time()
    sys_id = secrets.token_hex(16)
    user = headers.get("x-secops-user", "guest")

    record["sys_id"] = sys_id
    record["sys_created_by"] = user
    record["sys_created_on"] = time.strftime("%Y-%m-%d %H:%M:%S",
                                             time.gmtime(now))
    record["sys_domain"] = headers.get("x-secops-domain", "global")

    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)

    try:
        await store(sys_id, user, text, now)
    except RedisError as error:
        return refuse(503, "Unable to persist record", str(error))

    return answer(201, text)


def serve():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", int(os.environ["BENCH_PORT"])))

    uvicorn.Server(uvicorn.Config(
        app, loop="uvloop", http="httptools", log_level="warning",
        access_log=False, backlog=4096, timeout_keep_alive=75,
    )).run(sockets=[listener])


def main():
    children = []

    for _ in range(int(os.environ["BENCH_WORKERS"])):
        pid = os.fork()
        if pid == 0:
            serve()
            return
        children.append(pid)

    def stop(*_):
        for pid in children:
            os.kill(pid, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)

    for pid in children:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
