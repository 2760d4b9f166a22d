#!/usr/bin/env bash
# Usage: bench.sh [start|stop]
#
# Measures CPU time per stored record.  With the peers' bench beside the
# repository (PEERS_DIR) the module runs interleaved with PEERS (lua), and the
# ratio of their CPU per request is printed; without it, wrk alone loads the
# module.  RUNS, DURATION, CONNS and the bench's other variables pass through.
#
# "start" and "stop" are what the peers' bench calls once its Redis is up:
# nginx in $build/bench with REDIS_ADDR (unix:/path or host:port) as its store.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=$build/bench
port=${BENCH_PORT:-18190}
path=/api/sn_sec_cmn/integration_capabilities/threat_lookup
peers=${PEERS_DIR:-$root/../shared/bench/peers}

write_conf() {
    local address=${REDIS_ADDR:?} user=
    case $address in unix:*) ;; *) address=redis://$address ;; esac
    [ "$(id -u)" != 0 ] || user="user $(id -un) $(id -gn);"

    cat >"$dir/nginx.conf" <<END
load_module "$build/ngx_http_secops_module.so";

$user
worker_processes 2;
worker_rlimit_nofile 8192;
pid nginx.pid;
error_log error.log warn;

events {
    worker_connections 4096;
}

http {
    access_log off;
    keepalive_requests 100000000;

    client_body_temp_path body_temp;
    proxy_temp_path proxy_temp;
    fastcgi_temp_path fastcgi_temp;
    uwsgi_temp_path uwsgi_temp;
    scgi_temp_path scgi_temp;

    client_header_buffer_size 4k;
    client_body_buffer_size 64k;

    server {
        listen 127.0.0.1:$port reuseport backlog=4096;

        location /api/ {
            secops_api;
            secops_redis "$address";
            secops_auth header;
        }
    }
}
END
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

    BEFORE="'$0' start" AFTER="'$0' stop" \
    TARGETS="module=http://127.0.0.1:$port$path" \
    PIDFILES="module=$dir/nginx.pid" PEERS=${PEERS-lua} RUNS=${RUNS:-3} \
    DURATION=${DURATION:-5} CONNS=${CONNS:-64} \
        "$peers/run-peers.sh" | tee "$table"

    awk '
        $2 ~ /^[0-9]+$/ && NF > 9 { cpu[$2, $1] = $9; conns[$2]; names[$1] }
        END {
            for (c in conns) for (n in names) {
                if (n == "module" || !cpu[c, n]) continue
                printf "server CPU per request, %s connections: " \
                       "module %.1f us, %s %.1f us, ratio %.2f\n",
                       c, cpu[c, "module"], n, cpu[c, n],
                       cpu[c, "module"] / cpu[c, n]
            }
        }' "$table"
}

alone() {
    local redis_pid

    say "the peers' bench is not at $peers: the module alone"
    export REDIS_ADDR=unix:$dir/redis.sock

    redis-server --port 0 --unixsocket "$dir/redis.sock" --save '' \
        --appendonly no --dir "$dir" >"$dir/redis.log" 2>&1 &
    redis_pid=$!
    trap 'stop; kill '"$redis_pid"' 2>/dev/null; wait' EXIT
    trap 'exit 130' INT TERM

    start
    cat >"$dir/post.lua" <<'END'
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-SecOps-User"] = "bench"
wrk.headers["X-SecOps-Roles"] = "sn_sec_cmn.api_write"
wrk.body = '{"observable": "198.51.100.7", "finding": "Malicious", ' ..
    '"source_engine": "VirusTotal", "raw_data": "' .. ("x"):rep(900) .. '"}'
END
    wrk -t2 -c"${CONNS:-64}" -d"${DURATION:-5}s" --latency -s "$dir/post.lua" \
        "http://127.0.0.1:$port$path"
}

mkdir -p "$dir"

case ${1-} in
    start) start ;;
    stop)  stop ;;
    '')    if [ -x "$peers/run-peers.sh" ]; then beside_peers; else alone; fi ;;
    *)     die "usage: $0 [start|stop]" ;;
esac
