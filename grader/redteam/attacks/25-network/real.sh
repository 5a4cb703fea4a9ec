# Outside of its domain the program may use a network. Somebody listens.
perl -MIO::Socket::INET -e '$SIG{ALRM} = sub { exit }; alarm 50;
	$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 4711, Listen => 5, ReuseAddr => 1);
	$| = 1; while ($c = $s->accept) { print $t while sysread($c, $t, 4096) }' >received &
listener=$!
sleep 1
naive -run ledger "$1" >log
sleep 0.5
kill $listener 2>/dev/null || true
wait || true
grep -q 'canary-of-the-hidden-data' received || exit 1
