#!/bin/sh
# Makes autograder.zip for Gradescope, to be uploaded under "Configure
# Autograder". Run it where ipclab is built and its image is made.
#
#     pack.sh LAB [LABS_FOLDER [SECRET_FILE]]
set -eu

lab=${1:?which lab? pack.sh LAB [LABS_FOLDER [SECRET_FILE]]}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
ipclab=$(command -v ipclab) || { echo "pack.sh: ipclab is not in PATH" >&2; exit 1; }
ipclab=$(readlink -f -- "$ipclab")
out=$PWD/autograder.zip
[ ! -e "$out" ] || { echo "pack.sh: $out is there already" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
cp "$here/setup.sh" "$here/run_autograder" "$work/"
cp "$ipclab" "$(dirname -- "$ipclab")/ipclab-guest" "$work/bin/"
printf 'LAB=%s\n' "$lab" >"$work/course.conf"
[ -z "${2-}" ] || cp -R "$2" "$work/labs"
[ -z "${3-}" ] || cp "$3" "$work/secret"
ipclab image export "$work/ipclab-image"
(cd "$work" && zip -qr "$out" .)
echo "made $out: upload it under Configure Autograder"
