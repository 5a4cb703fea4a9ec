# Where nobody bounds what is left behind, and the folder is one that others need.
make -s -C "$1" || exit 1
mkdir room
mount -t tmpfs -o size=16m,nr_inodes=500 none room
(echo 1 | timeout 4 "$1/vault" "$PWD/room/slot") >/dev/null 2>&1 || true
mkfifo room/of-the-grader 2>error || true
umount -l room
grep -q 'No space left' error || exit 1
