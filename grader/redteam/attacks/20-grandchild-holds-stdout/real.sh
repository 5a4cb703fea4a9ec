# testscript waits for the end of the output; its Deadline ends the direct child only.
begun=$(date +%s)
naive -run rejects "$2" >honest
patience=$((2 * ($(date +%s) - begun) + 6))
timeout -s KILL $patience naive -deadline 2s -run rejects "$1" >log 2>&1 || [ $? = 137 ]
! grep -q '^score' log || exit 1
