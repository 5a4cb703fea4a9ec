# The golden file lies in the folder that the program runs in.
naive -run balance "$1" >log
grep -q '^balance 4711' log && grep -q '^--- PASS: balance' log || exit 1
