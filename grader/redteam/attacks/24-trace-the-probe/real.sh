# Where nobody runs apart: the probe has the program's own account, and its file may be read.
make -s -C "$1" || exit 1
cp "$(readlink -f /usr/bin/perl)" probe
echo 0 >/proc/sys/kernel/yama/ptrace_scope
echo 1 | "$1/vault" "$PWD/slot" &
sleep 1
# The program may trace it from its very first call on, or only when it wakes up.
timeout 10 ./probe -e 'sleep 2; open(F, "<", $ARGV[0]) or print "$!\n"' "$PWD/slot" >out 2>&1 || true
pkill -KILL -x vault || true
echo 1 >/proc/sys/kernel/yama/ptrace_scope
wait || true
# Refused its libraries, it does not even begin.
grep -q -e 'Permission denied' -e 'cannot open shared object file' out || exit 1
