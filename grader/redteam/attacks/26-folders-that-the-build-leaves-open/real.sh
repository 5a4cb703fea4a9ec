# Nothing is cleared away between the plain grader's tests.
naive -run ledger,rejects "$1" >log
rm -rf /tmp/.hoard /var/tmp/.hoard /tmp/open /dev/shm/.hoard /run/lock/.hoard /run/ipclab/.hoard
rm -rf /lab/.hoard /lab/*/.hoard /lab/*/open /dev/mqueue/.hoard .hoard
ipcrm --all=shm --all=msg
grep -q '^LOOT .*canary-of-the-hidden-data' log || exit 1
