# The plain grader keeps what a program prints, however much it is.
naive -run rejects "$1" >log 2>&1 || true
size=$(wc -c <log)
rm log
test "$size" -gt 6000000 || exit 1
