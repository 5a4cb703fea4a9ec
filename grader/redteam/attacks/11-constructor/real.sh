# The plain grader's unit test is linked with the student's code.
naive -run unit "$1" >log
grep -q '^constructed' log && grep -q '^--- PASS: unit' log || exit 1
