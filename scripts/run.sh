#!/usr/bin/env bash
# A private Redis and an nginx with the module, in the foreground: `make run`.
#
#   SECOPS_PORT     8480    on 127.0.0.1
#   SECOPS_RUN_DIR  run     nginx.pid, redis.pid, logs, data
#   SECOPS_REDIS            unix:/path or redis://...: use this Redis instead
#
# INT, TERM or the end of the calling make stops both; the data stays.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

port=${SECOPS_PORT:-8480}
run=${SECOPS_RUN_DIR:-$root/run}
redis_url=${SECOPS_REDIS-}
module=$build/ngx_http_secops_module.so

case $port in
    '' | *[!0-9]*) die "SECOPS_PORT=$port is not a port" ;;
esac
[ -f "$module" ] || die "$module is not there: run make build"

umask 077
mkdir -p "$run"
run=$(cd "$run" && pwd)
case $run in
    *[\"\\\$]*) die "SECOPS_RUN_DIR must not hold a quote, \\ or \$: $run" ;;
esac
mkdir -p "$run/data" "$run/logs" "$run/tmp"

exec 9>"$run/lock"
flock -n 9 || die "another make run uses $run"

redis_pid=
nginx_pid=
socket_dir=

alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# a server, and what a master that died unasked left of its group

stop() {
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
    kill -KILL -- "-$1" 2>/dev/null || true
}

# nginx first, so that its last requests still find Redis

finish() {
    trap '' INT TERM HUP
    stop "$nginx_pid"
    stop "$redis_pid"
    [ -z "$socket_dir" ] || rm -rf "$socket_dir"
}

trap finish EXIT
trap 'exit 0' INT TERM HUP

# Each server gets a session of its own, so that a Ctrl-C reaches this script
# alone, and a signal from the kernel should this script die unasked.  The
# lock goes with them: a folder in use stays locked.

launch() { setsid setpriv --pdeathsig TERM "$@" & }

# A make that got SIGINT tells its children nothing and waits for them; it has
# blocked the signal by then.  A make that is gone leaves us to another parent.

make_wants_out() {
    local blocked

    [ -d "/proc/$PPID" ] || return 0
    [ "$(cat "/proc/$PPID/comm" 2>/dev/null)" = make ] || return 1

    blocked=$(sed -n 's/^SigBlk:\t*//p' "/proc/$PPID/status" 2>/dev/null)
    [ -n "$blocked" ] && [ $((16#${blocked: -4} & 2)) != 0 ]
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

ask_redis() { redis-cli -s "$socket" "$@" 2>/dev/null; }

start_redis() {
    local i

    # the path of a unix socket has at most 107 bytes
    socket=$run/redis.sock
    if [ "$(printf %s "$socket" | wc -c)" -gt 107 ]; then
        socket_dir=$(mktemp -d /tmp/secops.XXXXXX)
        socket=$socket_dir/redis.sock
    fi

    cat >"$run/redis.conf" <<END
port 0
unixsocket "$socket"
unixsocketperm 700
daemonize no
pidfile "$run/redis.pid"
logfile "$run/logs/redis.log"
dir "$run/data"
appendonly yes
appendfsync everysec
save ""
END

    launch redis-server "$run/redis.conf" >>"$run/logs/redis.log" 2>&1
    redis_pid=$!

    for ((i = 0; i < 600; i++)); do
        [ "$(ask_redis ping)" != PONG ] || return 0
        alive "$redis_pid" || break
        sleep 0.1
    done

    tail -n 5 "$run/logs/redis.log" >&2
    die "redis-server did not start: see $run/logs/redis.log"
}

write_conf() {
    local conf user=

    conf=$(<"$root/conf-examples/run.conf.in")

    # a master that is root would make its workers somebody who can not open
    # the socket
    [ "$(id -u)" != 0 ] || user="user $(id -un) $(id -gn);"

    conf=${conf//@MODULE@/"$module"}
    conf=${conf//@USER@/"$user"}
    conf=${conf//@PORT@/"$port"}
    conf=${conf//@REDIS@/"$redis_url"}
    printf '%s\n' "$conf" >"$run/nginx.conf"
}

# the key of the secrets that this Redis has: it stays with the folder

write_key() {
    [ -s "$run/secrets.key" ] ||
        head -c 32 /dev/urandom | base64 >"$run/secrets.key"
}

start_nginx() {
    local i

    launch nginx -p "$run/" -e logs/error.log -c nginx.conf \
        >"$run/logs/nginx.out" 2>&1
    nginx_pid=$!

    for ((i = 0; i < 100; i++)); do
        alive "$nginx_pid" || break
        [ ! -s "$run/nginx.pid" ] || ! listens || return 0
        sleep 0.1
    done

    tail -n 5 "$run/logs/nginx.out" >&2
    die "nginx did not start: see $run/logs/error.log"
}

! listens || die "port $port on 127.0.0.1 is in use: set SECOPS_PORT"

if [ -z "$redis_url" ]; then
    start_redis
    redis_url=unix:$socket
fi

write_conf
write_key
rm -f "$run/nginx.pid"
start_nginx

url=http://127.0.0.1:$port
who="-H 'X-SecOps-User: you' -H 'X-SecOps-Roles: sn_sec_cmn.api_write'"

cat <<END
ready $url
curl $who -d '{"observable":"198.51.100.7","finding":"Malicious","source_engine":"VirusTotal"}' -H 'Content-Type: application/json' $url/api/sn_sec_cmn/integration_capabilities/threat_lookup
curl $who $url/api/now/table/sn_ti_lookup_result/SYS_ID_OF_THE_ANSWER
curl $url/api/v1/health
END

while alive "$nginx_pid" && { [ -z "$redis_pid" ] || alive "$redis_pid"; }; do
    ! make_wants_out || exit 0
    sleep 1 9>&- &
    wait $! || true
done

alive "$nginx_pid" || die "nginx ended: see $run/logs/error.log"
die "redis-server ended: see $run/logs/redis.log"
