# The compiler runs under the grader's own account.
naive -run rejects "$1" >log
grep -q ':[!*][*]*:2' log || exit 1
