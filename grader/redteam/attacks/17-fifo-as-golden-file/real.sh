# testscript's cmp opens the golden file, and its Deadline does not reach cmp.
begun=$(date +%s)
naive -run balance "$2" >honest
patience=$((2 * ($(date +%s) - begun) + 6))
timeout -s KILL $patience naive -deadline 2s -run balance "$1" >log 2>&1 || [ $? = 137 ]
! grep -q '^score' log || exit 1
