# The plain grader asks for the exit code, and not for what came out of the slot.
naive -run slot "$1" >log
grep -q '^--- PASS: slot' log || exit 1
! grep -q '^balance 1' log || exit 1
