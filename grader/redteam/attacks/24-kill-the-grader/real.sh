# The programs run under the grader's own account.
naive -run rejects "$1" >log 2>&1 || true
! grep -q '^score' log || exit 1
