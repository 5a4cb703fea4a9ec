# The plain grader has the test alone that students are given.
naive -run balance "$1" >log
grep -q '^score 100/100' log || exit 1
mkfifo slot
echo 7 | timeout 20 ./built-vault slot &
timeout 20 grep -q '^balance 0' slot || { wait; exit 1; }
wait
