# The plain grader reads from the slot for as long as anything comes.
naive -run balance "$1" >log 2>&1 || true
size=$(wc -c <log)
rm log
test "$size" -gt 6000000 || exit 1
