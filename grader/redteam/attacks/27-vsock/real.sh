# Outside of its domain the program may use vsock. Somebody listens on this machine's own number.
modprobe vsock_loopback
perl -e '$SIG{ALRM} = sub { exit }; alarm 15; socket(S, 40, 1, 0) or die; bind(S, pack("SSLLx4", 40, 0, 4711, 0xffffffff)) or die $!;
	listen(S, 5); $| = 1; while (accept(C, S)) { sysread(C, $t, 4096); print $t }' >received &
listener=$!
sleep 1
naive -run ledger "$1" >log
sleep 0.5
kill $listener
wait || true
rmmod vsock_loopback || true
grep -q 'canary-of-the-hidden-data' received || exit 1
