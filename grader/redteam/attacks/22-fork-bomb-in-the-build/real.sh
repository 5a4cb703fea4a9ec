# Without a limit on processes. A control group of our own ends it.
group=/sys/fs/cgroup/redteam
mkdir -p $group
echo 900 >$group/pids.max
sh -c 'echo $$ >/sys/fs/cgroup/redteam/cgroup.procs; exec make -s -C "$0"' "$1" &
most=0
for try in 1 2 3 4 5 6; do
	sleep 0.5
	now=$(cat $group/pids.current)
	test "$now" -le "$most" || most=$now
done
echo 1 >$group/cgroup.kill
wait || true
until rmdir $group 2>/dev/null; do sleep 0.2; done
test "$most" -gt 100 || exit 1
