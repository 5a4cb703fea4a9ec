# The plain grader looks at what comes out, not at what it comes out of.
naive -run balance "$1" >log
grep -q '^--- PASS: balance' log || exit 1
echo 1 | timeout 20 ./built-vault slot &
until test -e slot; do sleep 0.1; done
code=1
! test -f slot || code=0
timeout 20 cat slot >/dev/null
wait
exit $code
