# Where the programs go on while they are looked at.
make -s -C "$1" || exit 1
cp /bin/cat probe
chmod 755 . .. probe
mkdir -m 0777 room
echo 1 | setpriv --reuid=2001 --regid=2001 --clear-groups "$1/vault" "$PWD/room/slot" &
sleep 0.5
before=$(stat -c %a room/slot)
setpriv --reuid=2003 --regid=2003 --clear-groups sh -c 'sleep 0.3; exec timeout 2 "$0" "$1"' "$PWD/probe" "$PWD/room/slot" 2>denied || true
pkill -KILL -x vault || true
wait || true
test "$before" = 666 && grep -q 'Permission denied' denied || exit 1
