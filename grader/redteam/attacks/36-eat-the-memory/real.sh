# Without a limit on memory, but for one that leaves the machine alive.
make -s -C "$1" || exit 1
group=/sys/fs/cgroup/redteam
mkdir -p $group
echo 250M >$group/memory.max
sh -c 'echo $$ >/sys/fs/cgroup/redteam/cgroup.procs; exec timeout 5 "$0" ./slot </dev/null' "$1/vault" || true &
sleep 4
peak=$(cat $group/memory.peak)
echo 1 >$group/cgroup.kill
wait || true
until rmdir $group 2>/dev/null; do sleep 0.2; done
test "$peak" -gt 200000000 || exit 1
