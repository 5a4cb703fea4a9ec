#!/bin/sh
# Gradescope runs this once, when it builds the autograder's container. What is
# slow is done here: packages, the machine's image, one boot of it. Grading then
# takes a second to start, and no network.
set -eu

ROOT=${ROOT:-/autograder}
source=$ROOT/source
# shellcheck source=/dev/null
. "$source/course.conf"

need=
command -v qemu-system-x86_64 >/dev/null || need="$need qemu-system-x86"
command -v qemu-img >/dev/null || need="$need qemu-utils"
command -v secilc >/dev/null || need="$need secilc"
if [ -n "$need" ]; then
    apt-get update
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $need
fi

export HOME="$ROOT/home" XDG_CACHE_HOME="${XDG_CACHE_HOME:-$ROOT/cache}" XDG_STATE_HOME="$ROOT/state"
mkdir -p "$HOME"
chmod 755 "$source/bin/ipclab" "$source/bin/ipclab-guest"
ipclab() {
    if [ -d "$source/labs" ]; then set -- --labs "$source/labs" "$@"; fi
    "$source/bin/ipclab" "$@"
}

[ ! -e "$source/ipclab-image" ] || ipclab image import "$source/ipclab-image"
rm -f "$source/ipclab-image" # it is in the cache now
ipclab start "$LAB" --no-shell
ipclab stop "$LAB"
