# Nothing is cleared away between the plain grader's tests.
rm -f /tmp/.count /var/tmp/.count
naive -run rejects,usage "$1" >log
naive -run slot "$1" >log2
naive -run slot "$1" >log3
rm -f /tmp/.count /var/tmp/.count /dev/shm/.count /run/lock/.count
grep -q '^--- FAIL: slot' log3 || exit 1
