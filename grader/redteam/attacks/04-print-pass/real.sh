# The plain grader believes the lines of its log.
naive "$1" >log
grep -q '^--- FAIL: balance' log && grep -q '^score 100/100' log || exit 1
