#!/usr/bin/python3

# Takes TLS off before a Redis, so that a test may see what a Redis does not
# tell: the name that was asked for, whether the session was resumed; and do
# what it does not do: read slowly, or stop in the middle.
#
#   tls-peer.py --port N --cert FILE --key FILE --to SOCKET --log FILE
#               [--version 1.2|1.3] [--slow MS] [--buffer BYTES] [--cut BYTES]
#
# --slow:   wait so long before each read of 4 kB
# --buffer: of the socket, for what was not read yet
# --cut:    send so many bytes of the handshake, and nothing more
#
# Orders, one on each line of standard input:
#
#   STALL     read nothing more from the client
#   COUNT     read what was sent, until nothing comes and the client has nothing
#             that its system has not sent, and log how many transactions were
#             whole: "counted 3"; then reset the connection, and serve the next
#             ones as usual
#   DROP      close all connections
#
# The log, besides: "listening", "accept 1", "hello 1 sni=NAME reused=0
# version=TLSv1.3", "failed 1 why", "close 1".

import argparse
import select
import socket
import ssl
import struct
import sys
import threading
import time

parser = argparse.ArgumentParser()
for name in ('port', 'cert', 'key', 'to', 'log'):
    parser.add_argument('--' + name, required=True)
parser.add_argument('--version')
parser.add_argument('--slow', type=float, default=0)
parser.add_argument('--buffer', type=int)
parser.add_argument('--cut', type=int)
options = parser.parse_args()

log_file = open(options.log, 'a', buffering=1)
lock = threading.Lock()
stalled = threading.Event()
parked = threading.Event()      # nothing is read any more
connections = {}


def log(text):
    with lock:
        log_file.write(text + '\n')


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(options.cert, options.key)
    if options.version:
        made.minimum_version = made.maximum_version = getattr(
            ssl.TLSVersion, 'TLSv' + options.version.replace('.', '_'))
    made.sni_callback = lambda tls, name, _: setattr(tls, 'sni', name)
    return made


tls_context = context()


def cut(client):                # a handshake that stops in the middle
    read, write = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = tls_context.wrap_bio(read, write, server_side=True)
    read.write(client.recv(65536))
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    client.sendall(write.read()[:options.cut])
    client.recv(1)


def forward(client, redis):
    redis.setblocking(False)
    while True:
        if stalled.is_set():
            parked.set()
            time.sleep(0.02)
            continue
        sources = [client, redis]
        ready = [client] if client.pending() else \
            select.select(sources, [], [], 0.05)[0]
        if client in ready:
            if options.slow:
                time.sleep(options.slow / 1000)
            data = client.recv(4096 if options.slow else 65536)
            if not data:
                return
            redis.setblocking(True)
            redis.sendall(data)
            redis.setblocking(False)
        if redis in ready:
            data = redis.recv(65536)
            if not data:
                return
            client.sendall(data)


def serve(client, number):
    try:
        if options.cut is not None:
            return cut(client)
        client = tls_context.wrap_socket(client, server_side=True)
        log('hello %d sni=%s reused=%d version=%s' % (number,
            getattr(client, 'sni', None), client.session_reused,
            client.version()))
        connections[number] = client
        redis = socket.socket(socket.AF_UNIX)
        redis.connect(options.to)
        forward(client, redis)
        redis.close()
    except (OSError, ValueError) as error:
        log('failed %d %s' % (number, error))
    finally:
        if connections.pop(number, None) is not None or \
                options.cut is not None:
            client.close()
        log('close %d' % number)


def address(where):              # as in /proc/net/tcp
    return '%08X:%04X' % (struct.unpack('=I', socket.inet_aton(where[0]))[0],
                          where[1])


def unsent(client):             # bytes that the client's system still has
    ends = [address(client.getpeername()), address(client.getsockname())]
    for line in open('/proc/net/tcp'):
        fields = line.split()
        if fields[1:3] == ends:
            return int(fields[4].split(':')[0], 16)
    return 0


def count():
    number, client = connections.popitem()
    client.settimeout(0.1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    whole, tail = 0, b''
    while True:
        try:
            data = client.recv(65536)
        except TimeoutError:
            if unsent(client):
                continue
            break
        except OSError:
            break
        if not data:
            break
        tail += data
        whole += tail.count(b'\r\nEXEC\r\n')
        tail = tail[-7:]
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      struct.pack('ii', 1, 0))
    stalled.clear()
    parked.clear()
    socket.socket.close(client)
    log('counted %d' % whole)


def drop():
    for client in list(connections.values()):
        client.shutdown(socket.SHUT_RDWR)


def accept(server):
    number = 0
    while True:
        client, _ = server.accept()
        number += 1
        log('accept %d' % number)
        threading.Thread(target=serve, args=(client, number),
                         daemon=True).start()


server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if options.buffer:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options.buffer)
server.bind(('127.0.0.1', int(options.port)))
server.listen(16)
log('listening')
threading.Thread(target=accept, args=(server,), daemon=True).start()

for line in sys.stdin:
    order = line.strip()
    if order == 'STALL':
        stalled.set()
        parked.wait()           # whoever was about to read has read
        log('stalled')
    elif order == 'COUNT':
        count()
    elif order == 'DROP':
        drop()
