# A plain grader waits for the program that it started, and for no other.
naive -run ledger,rejects "$1" >log
pkill -KILL -s "$(pgrep -x vault | tr '\n' ',')0" -x vault || true
grep -q '^LOOT .*canary-of-the-hidden-data' log || exit 1
