# The plain grader looks at what both programs print together.
naive -run hello "$1" >log
grep -q '^--- PASS: hello' log || exit 1
timeout 20 ./built-reader channel >read &
echo hello | timeout 20 ./built-writer channel >/dev/null
wait
! test -s read || exit 1
