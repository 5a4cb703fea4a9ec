# testscript asks with INT and QUIT, and then waits, whatever its Deadline says.
begun=$(date +%s)
naive -run stop "$2" >honest
patience=$((2 * ($(date +%s) - begun) + 6))
timeout -s KILL $patience naive -deadline 2s -run stop "$1" >log 2>&1 || [ $? = 137 ]
! grep -q '^score' log || exit 1
