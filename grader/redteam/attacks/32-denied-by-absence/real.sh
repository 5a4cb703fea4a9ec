# A test that only asks whether carol gets an error.
make -s -C "$1" || exit 1
mkdir -m 0777 room
chmod 755 . ..
echo 1 | timeout 2 "$1/vault" "$PWD/room/slot" &
sleep 1
! setpriv --reuid=2003 --regid=2003 --clear-groups timeout 1 cat room/slot 2>error || exit 1
wait || true
grep -q 'No such file' error || exit 1
