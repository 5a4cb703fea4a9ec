# Nothing is cleared away between the plain grader's tests.
naive -run ledger,rejects "$1" >log
ipcrm -M 0x4711 -Q 0x4711 2>/dev/null || true
grep -q '^LOOT .*canary-of-the-hidden-data' log || exit 1
