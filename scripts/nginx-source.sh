#!/usr/bin/env bash
# Prints the folder of nginx's full source, which a sanitizer or a static
# build needs: NGX_SRC, or the installed version's tarball from Debian's source
# archive, fetched once into the build folder.  apt is given lists and caches of
# its own: the machine's are neither used nor changed.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ -n "${NGX_SRC-}" ]; then
    [ -f "$NGX_SRC/src/core/nginx.c" ] ||
        die "NGX_SRC=$NGX_SRC is not a source tree of nginx"
    cd "$NGX_SRC" && pwd
    exit
fi

version=$(nginx_version)
dir=$build/nginx-source
src=$dir/nginx-$version

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9

if [ -f "$src/src/core/nginx.c" ]; then
    printf '%s\n' "$src"
    exit
fi

repositories() { # "URI suite", as the machine's apt knows them
    local suite
    suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME-stable}")

    {
        apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
            'Created-By: Packages' 2>/dev/null | sed -n 's/ main$//p'
        printf '%s\n' "http://deb.debian.org/debian $suite"
    } | awk -v main="$suite" '!seen[$0]++ { if ($2 == main) print; else
        later = later $0 "\n" } END { printf "%s", later }'
}

private_apt() { # program, arguments
    local program=$1
    shift

    "$program" -qq -o Dir::State="$dir/apt" -o Dir::State::lists=lists \
        -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$dir/cache" \
        -o Dir::Etc::sourcelist="$dir/sources.list" \
        -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root \
        -o APT::Get::List-Cleanup=false -o Acquire::Languages=none "$@" 9>&-
}

fetch() { # URI, suite; leaves nginx_VERSION.orig.tar.gz in $dir
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg revision

    printf 'deb-src [signed-by=%s] %s %s main\n' "$keyring" "$1" "$2" \
        >"$dir/sources.list"
    private_apt apt-get update >&2 || return 1

    revision=$(private_apt apt-cache showsrc nginx |
               sed -n "s/^Version: \($version-.*\)/\1/p" | head -1) || return 1
    [ -n "$revision" ] || return 1

    (cd "$dir" && private_apt apt-get source --download-only --tar-only \
        "nginx=$revision" >&2)
}

rm -rf "$dir/apt" "$dir/cache" "$dir/unpacked"
mkdir -p "$dir/apt/lists/partial" "$dir/cache/archives/partial"
tarball=$dir/nginx_$version.orig.tar.gz

while [ ! -s "$tarball" ] && read -r uri suite; do
    say "fetching the source of nginx $version from $uri $suite"
    fetch "$uri" "$suite" || say "not there"
done < <(repositories)

[ -s "$tarball" ] || die "the source of nginx $version was not found:" \
    "unpack it yourself and set NGX_SRC to its folder"

# a folder that is there is complete: it gets its name last
mkdir -p "$dir/unpacked"
tar -xzf "$tarball" -C "$dir/unpacked"
mv "$dir"/unpacked/nginx-* "$src"
rm -rf "$dir/apt" "$dir/cache" "$dir/unpacked" "$dir/sources.list"

printf '%s\n' "$src"
