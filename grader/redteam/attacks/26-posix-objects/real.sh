# Nothing is cleared away between the plain grader's tests.
naive -run ledger,rejects "$1" >log
rm -f /dev/shm/hoard /dev/mqueue/hoard
grep -q '^LOOT .*canary-of-the-hidden-data' log || exit 1
