# The programs run in the grader's own session, under its own account. It is not
# this script's session: the signals are meant for the grader alone.
code=0
setsid -w naive -run rejects "$1" >log 2>&1 || code=$?
test "$code" != 0 || exit 1
! grep -q '^score' log || exit 1
