# The plain grader's results are in the file system that the programs write to.
mkdir disk
mount -t tmpfs -o size=16m none disk
cp -R "$1" disk/submission
code=0
(cd disk && TMPDIR=$PWD naive -run rejects submission) >log 2>&1 || code=$?
sleep 2
rm -f /tmp/.fill /var/tmp/.fill /lab/*/.fill /run/ipclab/*/.fill
size=$(wc -c <disk/results.json)
umount -l disk
test "$code" != 0 || test "$size" = 0 || exit 1
grep -q 'no space left' log || exit 1
