# testscript asks with INT and QUIT, and then waits, whatever its Deadline says.
timeout -s KILL 15 naive -deadline 2s -run stop "$1" >log 2>&1 || [ $? = 137 ]
! grep -q '^score' log || exit 1
