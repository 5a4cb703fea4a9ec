# `! exec` is content with any end but success.
naive -run rejects "$1" >log
grep -q '^--- PASS: rejects' log && grep -q 'segmentation fault' log || exit 1
