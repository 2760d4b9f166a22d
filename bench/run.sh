#!/usr/bin/env bash
# Usage: run.sh [page]
#
# Measures the module, its peers and the floor in one interleaved run, and
# writes docs/performance.md and docs/performance.svg, when nothing was left
# out.  "page" writes them again from the last run's rows.
#
#   RUNS           3        rounds; each runs everything once
#   DURATION       3        seconds of a timed run
#   WARMUP         1        seconds before it, in which each status is checked
#   CONNS          1 64 256 connections
#   PEERS          lua fastify fastapi
#   WHAT           single identity batch read latency growth huge redis
#   BENCH_RECORDS  500000   what the second Redis is filled with, for growth
#   WORKERS        2        processes of each server
#   THREADS        2        of wrk
#   QUIET          100      percent: waits until other programs take at most
#                           so much of the machine, and takes a run again in
#                           which they took more
#   WRITE          1        0: the page stays as it is
#
# With PEERS_DIR, a folder with another run-peers.sh, that one is run with the
# module as its target, and their ratio is printed.  It calls "run.sh start"
# and "run.sh stop" once its Redis is up: nginx in $build/bench with REDIS_ADDR
# (unix:/path or host:port) as its store.

. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

here=$root/bench
dir=$build/bench
port=${BENCH_PORT:-18190}
path=/api/sn_sec_cmn/integration_capabilities/threat_lookup

write_conf() {
    local address=${REDIS_ADDR:?} user=
    case $address in unix:*) ;; *) address=redis://$address ;; esac
    [ "$(id -u)" != 0 ] || user="user $(id -un) $(id -gn);"

    sed -e "s|@MODULE@|$build/ngx_http_secops_module.so|" \
        -e "s|@USER@|$user|" -e "s|@WORKERS@|${WORKERS:-2}|" \
        -e "s|@REDIS@|$address|" -e "s|@FULL_REDIS@|$address|" \
        -e "s|@PORT@|$port|" -e "s|@FULL_PORT@|$((port + 1))|" \
        -e "s|@JWT@||" -e '/^daemon off;/d' \
        "$here/module.conf.in" >"$dir/nginx.conf"
}

start() {
    mkdir -p "$dir"
    write_conf
    nginx -p "$dir/" -e error.log -c nginx.conf
}

stop() {
    local pid
    pid=$(cat "$dir/nginx.pid" 2>/dev/null) || return 0
    kill -QUIT "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

beside_peers() {
    local table=$dir/table

    [ -x "$PEERS_DIR/run-peers.sh" ] ||
        die "PEERS_DIR: $PEERS_DIR/run-peers.sh is not there"

    BEFORE="'$0' start" AFTER="'$0' stop" \
    TARGETS="module=http://127.0.0.1:$port$path" \
    PIDFILES="module=$dir/nginx.pid" PEERS=${PEERS-lua} RUNS=${RUNS:-3} \
    DURATION=${DURATION:-5} CONNS=${CONNS:-64} \
        "$PEERS_DIR/run-peers.sh" | tee "$table"

    awk '
        $2 ~ /^[0-9]+$/ && NF > 9 {
            server[$2, $1] = $9; rate[$2, $1] = $5; conns[$2]; names[$1]
            split($0, part, ")")
            split(part[2], redis)
            both[$2, $1] = $9 + redis[1]
        }
        END {
            for (c in conns) for (n in names) {
                if (n == "module" || !server[c, n]) continue
                printf "%s connections, module / %s: server CPU %.1f / %.1f" \
                    " us, %.2f; with Redis %.1f / %.1f us, %.2f;" \
                    " requests/s %.2f\n", c, n,
                    server[c, "module"], server[c, n],
                    server[c, "module"] / server[c, n],
                    both[c, "module"], both[c, n],
                    both[c, "module"] / both[c, n],
                    rate[c, "module"] / rate[c, n]
            }
        }' "$table"
}

mkdir -p "$dir"

case ${1-} in
    start)     start ;;
    stop)      stop ;;
    page | '') if [ -n "${PEERS_DIR-}" ]; then beside_peers
               else exec perl "$here/bench.pl" "$@"; fi ;;
    *)         die "usage: $0 [page]" ;;
esac
