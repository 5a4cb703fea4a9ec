# Nothing is cleared away between the plain grader's tests.
naive -run ledger,rejects "$1" >log
perl -e '$name = "hoard"; $user = "user"; for $ring (-5, -4) { $k = syscall(250, 10, $ring, $user, $name, 0); syscall(250, 9, $k, $ring) if $k > 0 }' || true
grep -q '^LOOT .*canary-of-the-hidden-data' log || exit 1
