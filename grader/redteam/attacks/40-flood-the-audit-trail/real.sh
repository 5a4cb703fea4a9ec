# What listens to the trail gets every denial, and has to keep up.
make -s -C "$1" || exit 1
echo 0 >/sys/fs/selinux/enforce # so that the trail may be listened to, and the domain entered
perl -e '$SIG{ALRM} = sub { print "$n\n"; exit }; alarm 8; socket(S, 16, 3, 9) or die; bind(S, pack("SSLL", 16, 0, $$, 1)) or die $!;
	while (1) { $n++ if defined sysread(S, $m, 9000) }' >count &
listener=$!
cat >as.pl <<'EOF'
open(F, ">", "/proc/self/attr/exec"); print F "system_u:system_r:ipclab_vault_teller_t:s0"; close F; exec @ARGV;
EOF
(echo 1 | timeout 6 perl as.pl "$1/vault" "$PWD/slot") 2>/dev/null &
sleep 1
echo 1 >/sys/fs/selinux/enforce
sleep 3
pkill -KILL -x vault || true
wait $listener || true
test "$(cat count)" -gt 50 || exit 1
