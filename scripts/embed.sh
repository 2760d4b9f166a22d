#!/bin/sh
# Usage: embed.sh definitions SCHEMA_DIR OUTPUT.c
#        embed.sh scripts LUA_DIR OUTPUT.c
#
# Writes files into a C source, each as a string.  definitions: the array that
# model/secops_definitions.h declares, of every SCHEMA_DIR/*.json and
# SCHEMA_DIR/KIND/*.json.  scripts: what store/secops_scripts.h declares, of
# every LUA_DIR/NAME.lua the script secops_script_NAME, without lines that are
# a comment.  The output is left alone when nothing changed, so that make has
# nothing to do.
#
# Plain POSIX sh, od and awk: it runs wherever nginx's configure runs.

LC_ALL=C
export LC_ALL

what=$1
dir=$2
out=$3
new=$out.$$

fail() {
    echo "$0: $*" >&2
    rm -f "$new"
    exit 1
}

[ -d "$dir" ] || fail "$dir is not a folder"
[ -n "$out" ] || fail "no output file given"

mkdir -p "`dirname "$out"`" || exit 1


# Bytes that are not plain ASCII become three octal digits: unlike \x, an
# octal escape ends by itself.  "?" is escaped because of trigraphs.

literal() { # what follows the string, %d: its length
    od -An -v -tu1 | awk -v tail="$1" '
        BEGIN {
            for (i = 0; i < 256; i++) {
                c[i] = i > 31 && i < 127 ? sprintf("%c", i) \
                                         : sprintf("\\%03o", i)
            }

            c[10] = "\\n"; c[34] = "\\\""; c[63] = "\\?"; c[92] = "\\\\"
        }

        {
            for (i = 1; i <= NF; i++) {
                line = line c[$i]

                if ($i == 10 || length(line) > 66) {
                    printf "      \"%s\"\n", line
                    line = ""
                }
            }

            len += NF
        }

        END {
            printf "      \"%s\"" tail "\n\n", line, len
        }'
}


definition() { # kind, file
    kind=$1
    name=`basename "$2" .json`

    case $kind$name in
        *[!a-zA-Z0-9_-]*)
            fail "$2: only letters, digits, \"_\" and \"-\" make a name"
        ;;
    esac

    [ -r "$2" ] || fail "$2 can not be read"

    echo "    { \"$kind\", \"$name\", (const unsigned char *)"
    literal ", %d }," < "$2"
}


definitions() {
    cat << END

/* Written by scripts/embed.sh from the files of schema/. */

#include "model/secops_definitions.h"


const secops_definition_t  secops_definitions[] = {

END

    for file in "$dir"/*.json "$dir"/*/*.json; do
        [ -e "$file" ] || continue

        kind=`dirname "$file"`

        if [ "$kind" = "$dir" ]; then
            definition "" "$file"
        else
            definition "`basename "$kind"`" "$file"
        fi
    done

    cat << END
    { NULL, NULL, NULL, 0 }
};
END
}


scripts() {
    cat << END

/* Written by scripts/embed.sh from the files of store/lua/. */

#include "store/secops_scripts.h"


END

    for file in "$dir"/*.lua; do
        [ -r "$file" ] || fail "$file can not be read"

        name=`basename "$file" .lua`

        echo "const secops_script_t  secops_script_$name = {"
        echo "    \"$name\", secops_slice("
        sed '/^ *--/d' "$file" | sed '/./,$!d' | literal ") };"
    done
}


case $what in
    definitions | scripts) ;;
    *) fail "neither definitions nor scripts: $what" ;;
esac

$what > "$new" || fail "$new can not be written"


if cmp -s "$new" "$out"; then
    rm -f "$new"
else
    mv "$new" "$out" || fail "$out can not be written"
fi
