# The plain grader's results are in the file system that the programs write to.
mkdir disk
mount -t tmpfs -o size=64m,nr_inodes=3000 none disk
cp -R "$1" disk/submission
(cd disk && TMPDIR=$PWD naive -run rejects submission) >log 2>&1 || true
umount -l disk
for dir in /tmp /var/tmp /lab/alice; do rm -rf $dir/.many-* $dir/d; done
grep -q 'no space left' log || exit 1
