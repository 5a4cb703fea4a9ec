# `! exec` is content with a program that is not there.
naive -run rejects "$1" >log
grep -q '^--- PASS: rejects' log && grep -q 'executable file not found' log || exit 1
