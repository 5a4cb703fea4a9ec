# Outside of its domain, as root.
make -s -C "$1" || exit 1
echo 1 | timeout 2 "$1/vault" "$PWD/slot" >/dev/null 2>&1 || true
mode=$(getenforce)
echo 1 >/sys/fs/selinux/enforce
test "$mode" = Permissive || exit 1
