#!/usr/bin/env bash
# Usage: deps.sh build|run|test|bench
#
# Installs what is missing from Debian, as root and without a question;
# otherwise prints the one line to run, and fails.  When nothing is missing it
# does nothing at all.  Debian's own nginx and Redis services are not started
# by the installation.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build_packages=(gcc libc6-dev make libjansson-dev libhiredis-dev libssl-dev
                libpcre2-dev zlib1g-dev)
run_packages=(redis-server redis-tools curl util-linux)
test_packages=(clang libclang-rt-dev json-schema-test-suite perl openssl
               python3-jwcrypto python3-redis nodejs node-ajv lua-check wrk
               nginx-extras libnginx-mod-nchan libnginx-mod-http-lua)
bench_packages=(wrk perl openssl)

# for make bench: those of the servers that it is to compare
case " ${PEERS-lua fastapi} " in
    *" lua "*) bench_packages+=(libnginx-mod-http-lua lua-nginx-redis lua-cjson
                                lua-resty-core) ;;
esac
case " ${PEERS-lua fastapi} " in
    *" fastapi "*) bench_packages+=(python3-fastapi python3-uvicorn
                                    python3-redis python3-hiredis
                                    python3-uvloop python3-httptools) ;;
esac

case ${1-} in
    build) wanted=("${build_packages[@]}") ;;
    run)   wanted=("${build_packages[@]}" "${run_packages[@]}") ;;
    test)  wanted=("${build_packages[@]}" "${run_packages[@]}"
                   "${test_packages[@]}") ;;
    bench) wanted=("${build_packages[@]}" "${run_packages[@]}"
                   "${bench_packages[@]}") ;;
    *)     die "usage: $0 build|run|test|bench" ;;
esac

# with a source tree given, any nginx will do
if [ -z "${NGX_SRC-}" ]; then
    wanted+=(nginx nginx-dev)
elif ! command -v nginx >/dev/null; then
    wanted+=(nginx)
fi

if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: nothing was installed; this is what is needed," \
        "by Debian's names: ${wanted[*]}"
    exit 0
fi

# dpkg-query fails when it does not know one of them

installed() {
    { dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" \
        2>/dev/null || true; } | sed -n 's/ installed$//p'
}

missing() {
    local have package
    have=" $(installed | tr '\n' ' ') "

    for package in "${wanted[@]}"; do
        case $have in *" $package "*) ;; *) printf '%s\n' "$package" ;; esac
    done
}

mapfile -t lack < <(missing)
[ ${#lack[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
    say "some packages are missing; run:"
    say "    sudo apt-get update && sudo apt-get install" \
        "--no-install-recommends ${lack[*]}"
    exit 1
fi

# one at a time: make -j may start several of these
exec 9>/run/lock/secops-deps.lock
flock 9

mapfile -t lack < <(missing)
[ ${#lack[@]} -gt 0 ] || exit 0

policy=/usr/sbin/policy-rc.d
ours=
log=$(mktemp)

trap 'rm -f "$log" $ours' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ ! -e $policy ]; then
    ours=$policy
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi

say "installing: ${lack[*]}"

export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)

{
    "${apt[@]}" update &&
    "${apt[@]}" install -y --no-install-recommends "${lack[@]}"
} >"$log" 2>&1 9>&- || {
    tail -n 20 "$log" >&2
    die "apt-get failed"
}

mapfile -t lack < <(missing)
[ ${#lack[@]} -eq 0 ] || die "still missing after apt-get: ${lack[*]}"
