# make runs under the grader's own account, in a folder below the results' or beside it.
naive -run rejects "$1" >log
grep -q '^--- FAIL: rejects' log && grep -q '^score 100/100' log || exit 1
