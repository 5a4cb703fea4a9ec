# Without the limit of a run. A control group of our own counts, and ends it.
make -s -C "$1" || exit 1
group=/sys/fs/cgroup/redteam
mkdir -p $group
echo 100 >$group/pids.max
sh -c 'echo $$ >/sys/fs/cgroup/redteam/cgroup.procs; exec setpriv --reuid=2001 --regid=2001 --clear-groups "$0" ./slot </dev/null' "$1/vault" &
met=0
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	sleep 0.5
	! grep -q 'max [1-9]' $group/pids.events || { met=1; break; }
done
echo 1 >$group/cgroup.kill
wait || true
until rmdir $group 2>/dev/null; do sleep 0.2; done
test $met = 1 || exit 1
