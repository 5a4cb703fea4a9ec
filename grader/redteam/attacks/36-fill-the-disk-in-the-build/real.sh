# The plain grader's results are in the file system that the build writes to.
mkdir disk
mount -t tmpfs -o size=16m none disk
cp -R "$1" disk/submission
(cd disk && TMPDIR=$PWD naive -run rejects submission) >log 2>&1 || true
rm -rf /tmp/.fill* /var/tmp/.fill* /lab/home/.fill*
umount -l disk
grep -Eq 'no space left|unexpected end of JSON' log || exit 1
