# The plain grader's unit test includes the student's file.
naive -run unit "$1" >log
grep -q '^--- PASS: unit' log || exit 1
! grep -q '^1 case was tried' log || exit 1
