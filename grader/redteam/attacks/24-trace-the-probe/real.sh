# Where nobody runs apart: the probe has the program's own account, and its file may be read.
make -s -C "$1" || exit 1
cp /bin/cat probe
echo 0 >/proc/sys/kernel/yama/ptrace_scope
echo 1 | "$1/vault" "$PWD/slot" &
sleep 1
sh -c 'sleep 1; exec ./probe slot' >out 2>&1 &
sleep 0.5
exec 3<>slot
ln -f slot ./open
( sleep 0.2; exec ./probe slot open slot open slot open slot open </dev/null ) >>out 2>&1 &
sleep 2
exec 3>&-
pkill -KILL -x vault || true
pkill -KILL -x probe || true
echo 1 >/proc/sys/kernel/yama/ptrace_scope
wait || true
grep -q 'Permission denied' out || exit 1
