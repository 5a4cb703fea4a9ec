# testscript waits for the end of the output; its Deadline ends the direct child only.
timeout -s KILL 15 naive -deadline 2s -run rejects "$1" >log 2>&1 || [ $? = 137 ]
! grep -q '^score' log || exit 1
