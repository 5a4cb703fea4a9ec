# Nothing is cleared away between the plain grader's tests.
naive -run ledger,rejects "$1" >log
perl -e '$name = "hoard"; $user = "user"; syscall(250, 1, 0); syscall(250, 8, -4, -3); $k = syscall(250, 10, -3, $user, $name, 0); syscall(250, 9, $k, -4) if $k > 0' || true
grep -q '^LOOT .*canary-of-the-hidden-data' log || exit 1
