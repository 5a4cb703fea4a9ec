# The plain grader's folders are in the file system that the programs write to.
mkdir disk
mount -t tmpfs -o size=64m,nr_inodes=3000 none disk
cp -R "$1" disk/submission
(cd disk && TMPDIR=$PWD naive -run slot submission) >log 2>&1 || true
cp -R disk/naive-*/submission again 2>/dev/null || true
(cd disk && TMPDIR=$PWD naive -run slot submission) >log2 2>&1 || true
umount -l disk
grep -q 'no space left\|No space left' log log2 || exit 1
