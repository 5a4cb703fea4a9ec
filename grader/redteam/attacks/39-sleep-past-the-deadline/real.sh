# The deadline is a polite signal.
begun=$(date +%s)
timeout -s KILL 12 naive -run rejects "$1" >log 2>&1 || true
pkill -KILL -x vault || true
test $(($(date +%s) - begun)) -ge 9 || exit 1
