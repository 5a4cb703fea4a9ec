# The plain grader takes a line of JSON for a test's partial credit.
naive -run rejects "$1" >log
grep -q '^--- FAIL: rejects' log && grep -q '^score 100/100' log || exit 1
