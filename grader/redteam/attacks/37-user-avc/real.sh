# Outside of its domain, as root: with the capability to write to the audit trail. Listens to the trail.
make -s -C "$1" || exit 1
echo 0 >/sys/fs/selinux/enforce # so that the trail may be listened to
perl -e '$SIG{ALRM} = sub { exit }; alarm 10; socket(S, 16, 3, 9) or die; bind(S, pack("SSLL", 16, 0, $$, 1)) or die $!;
	$| = 1; while (sysread(S, $m, 9000)) { print unpack("S", substr($m, 4, 2)), " ", substr($m, 16), "\n" }' >trail &
listener=$!
sleep 1
(sleep 3 | timeout 4 "$1/vault" "$PWD/slot") || true
echo 1 >/sys/fs/selinux/enforce
sleep 1
kill $listener
wait $listener || true
grep -a '^1107 ' trail | grep -aq 'denied  { write } for  pid=.* comm="probe"' || exit 1
