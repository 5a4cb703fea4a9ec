# Where the programs go on while they are looked at.
make -s -C "$1" || exit 1
cp "$(readlink -f /usr/bin/perl)" probe
chmod 755 . .. probe
mkdir -m 0777 room
echo 1 | setpriv --reuid=2001 --regid=2001 --clear-groups "$1/vault" "$PWD/room/slot" &
sleep 0.5
before=$(stat -c %a room/slot)
setpriv --reuid=2001 --regid=2001 --clear-groups timeout 2 sh -c ': >room/slot' || true
setpriv --reuid=2003 --regid=2003 --clear-groups timeout 5 "$PWD/probe" -e 'sleep 1; open(F, "<", $ARGV[0]) or print "$!\n"' "$PWD/room/slot" >denied || true
pkill -KILL -x vault || true
wait || true
test "$before" = 666 && grep -q 'Permission denied' denied || exit 1
