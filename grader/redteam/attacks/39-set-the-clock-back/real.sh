# Outside of its domain, as root.
make -s -C "$1" || exit 1
now=$(date +%s)
up=$(cut -d. -f1 /proc/uptime)
echo 1 | timeout 2 "$1/vault" "$PWD/slot" >/dev/null 2>&1 || true
then=$(date +%s)
date -s "@$((now + $(cut -d. -f1 /proc/uptime) - up))" >/dev/null
test "$then" -lt 1000000 || exit 1
