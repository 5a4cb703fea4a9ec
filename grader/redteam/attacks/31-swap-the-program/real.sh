# The plain grader's build leaves its processes behind, and the program where they can write.
naive -run slot,usage "$1" >log
sleep 4
grep -q "swapped" log || exit 1
