#!/usr/bin/env bash
# Usage: build.sh module|asan
#
# module: $build/ngx_http_secops_module.so for the installed nginx, from the
#         headers of nginx-dev, or from NGX_SRC
# asan:   $build/asan/nginx, a debugging nginx with the module linked in and
#         checked by AddressSanitizer and UndefinedBehaviorSanitizer; a test can
#         have an allocation fail there: see t/failing
#
# Nothing is written into nginx's tree: the build folder holds links to it.
# nginx is configured again when config or an embedded file changed, and then
# only what that concerns is compiled again.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

unset MAKEFLAGS MFLAGS MAKELEVEL

jobs=${SECOPS_JOBS:-$(nproc)}

link_tree() { # source, tree
    local entry

    for entry in "$1"/*; do
        case ${entry##*/} in
            objs | Makefile) ;;
            *) ln -sfn "$entry" "$2/${entry##*/}" ;;
        esac
    done
}

embedded_files() {
    find "$root/ngx_secops_module" -name '*.json' -o -name '*.lua' |
        LC_ALL=C sort
}

# configure rewrites its headers each time; a header that came out the same
# gets its old time back, so that nginx's own objects stay valid

configure() { # tree, arguments
    local tree=$1 header
    local headers=(ngx_auto_config.h ngx_auto_headers.h)
    shift

    for header in "${headers[@]}"; do
        [ ! -f "$tree/objs/$header" ] ||
            mv "$tree/objs/$header" "$tree/objs/$header.old"
    done

    (cd "$tree" && ./configure "$@") >"$tree/configure.log" 2>&1 || {
        tail -n 5 "$tree/configure.log" >&2
        die "nginx's configure failed: see $tree/configure.log"
    }

    for header in "${headers[@]}"; do
        ! cmp -s "$tree/objs/$header" "$tree/objs/$header.old" ||
            mv "$tree/objs/$header.old" "$tree/objs/$header"
    done
}

prepare() { # tree, source, configure's arguments
    local tree=$1 src=$2 base inputs
    shift 2

    base=$({ printf '%s\n' "$src" "${CC-}" "$@"
             cat "$src/src/core/nginx.h"; } | sha256sum)
    inputs=$({ cat "$root/config" "$root/t/failing/config" \
                   "$root/scripts/embed.sh"
               embedded_files | tr '\n' '\0' | xargs -0r sha256sum
             } | sha256sum)

    [ "$base" = "$(cat "$tree/base" 2>/dev/null)" ] || rm -rf "$tree"
    mkdir -p "$tree"

    if [ "$inputs" != "$(cat "$tree/inputs" 2>/dev/null)" ]; then
        rm -f "$tree/inputs"
        link_tree "$src" "$tree"
        say "configuring in $tree"
        configure "$tree" ${CC:+"--with-cc=$CC"} "$@"
        printf '%s\n' "$base" >"$tree/base"
        printf '%s\n' "$inputs" >"$tree/inputs"
    fi
}

compile() { # tree, target
    make -s -C "$1" -f objs/Makefile -j"$jobs" --no-print-directory "$2" \
        >"$1/make.log" 2>&1 || {
        head -n 60 "$1/make.log" >&2
        die "the build failed: see $1/make.log"
    }
}

deliver() { # file, place: never half written, untouched when it is the same
    cmp -s "$1" "$2" || { cp "$1" "$2.new" && mv "$2.new" "$2"; }
    say "$2"
}

build_module() {
    local tree=$build/module src=${NGX_SRC:-/usr/share/nginx/src} version
    local NGX_CONF_FLAGS=(--with-compat --with-threads)

    [ -f "$src/src/core/nginx.h" ] ||
        die "$src does not hold nginx: install nginx-dev or set NGX_SRC"

    version=$(sed -n 's/^#define NGINX_VERSION *"\(.*\)"/\1/p' \
              "$src/src/core/nginx.h")
    [ -n "${NGX_SRC-}" ] || [ "$version" = "$(nginx_version)" ] ||
        die "the installed nginx is $(nginx_version), the headers in $src are" \
            "of $version: set NGX_SRC to the source of $(nginx_version)"

    [ ! -f "$src/conf_flags" ] || . "$src/conf_flags"

    prepare "$tree" "$src" "${NGX_CONF_FLAGS[@]}" \
        --with-cc-opt="-g -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2" \
        --with-ld-opt="-Wl,-z,relro -Wl,-z,now" \
        --add-dynamic-module="$root"
    compile "$tree" modules
    deliver "$tree/objs/ngx_http_secops_module.so" \
        "$build/ngx_http_secops_module.so"
}

build_asan() {
    local tree=$build/asan src sanitize="-fsanitize=address,undefined"
    local flags="-g -O1 -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1"
    flags+=" -Wno-error=maybe-uninitialized $sanitize"
    src=$("$root/scripts/nginx-source.sh")

    prepare "$tree" "$src" --with-debug --with-threads \
        --with-http_ssl_module --with-http_v2_module \
        --with-http_realip_module --with-http_auth_request_module \
        --with-http_stub_status_module --without-http_fastcgi_module \
        --without-http_uwsgi_module --without-http_scgi_module \
        --without-http_grpc_module --without-http_memcached_module \
        --without-http_ssi_module --without-http_userid_module \
        --without-http_autoindex_module --without-http_browser_module \
        --without-http_split_clients_module --without-http_charset_module \
        --error-log-path=stderr \
        --with-cc-opt="$flags" \
        --with-ld-opt="$sanitize" --add-module="$root" \
        --add-module="$root/t/failing"
    compile "$tree" binary
    deliver "$tree/objs/nginx" "$tree/nginx"
}

mkdir -p "$build"
case ${1-} in
    module | asan) exec 9>"$build/$1.lock"; flock 9 ;;
esac

case ${1-} in
    module) build_module ;;
    asan)   build_asan ;;
    *)      die "usage: $0 module|asan" ;;
esac
