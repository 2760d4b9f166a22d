# Sourced by the scripts beside it, never run.

set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${SECOPS_BUILD_DIR:-$root/build}
case $build in /*) ;; *) build=$PWD/$build ;; esac

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

nginx_version() { # of the installed nginx: 1.22.1
    nginx -v 2>&1 | sed -n 's|^nginx version: [^/]*/\([0-9.]*\).*|\1|p'
}

nginx_argument() { # of the installed nginx's configure: --modules-path
    nginx -V 2>&1 | tr ' ' '\n' | sed -n "s|^$1=||p"
}
