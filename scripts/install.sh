#!/usr/bin/env bash
# Copies the module to the folder from which the installed nginx loads modules.
# DESTDIR is honoured.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

name=ngx_http_secops_module.so
dir=$(nginx_argument --modules-path)
[ -n "$dir" ] || dir=$(nginx_argument --prefix)/modules

install -d "${DESTDIR-}$dir"

# a running nginx has the old file mapped: replace it, do not write into it
install -m 644 "$build/$name" "${DESTDIR-}$dir/$name.new"
mv "${DESTDIR-}$dir/$name.new" "${DESTDIR-}$dir/$name"

say "installed ${DESTDIR-}$dir/$name; at the top of nginx.conf:"
printf 'load_module %s/%s;\n' "$dir" "$name"
