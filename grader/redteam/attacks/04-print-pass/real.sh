# The plain grader believes the lines of its log.
naive -run rejects "$1" >log
grep -q '^--- FAIL: rejects' log && grep -q '^score 100/100' log || exit 1
