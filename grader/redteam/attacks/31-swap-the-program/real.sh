# The plain grader's build leaves its processes behind, and the program where they can write.
naive -run rejects "$1" >log
grep -q "swapped" log || exit 1
