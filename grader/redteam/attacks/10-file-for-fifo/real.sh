# The plain grader looks at what comes out, not at what it comes out of.
naive -run balance "$1" >log
grep -q '^--- PASS: balance' log || exit 1
echo 1 | timeout 3 ./built-vault slot || true
test -f slot || exit 1
