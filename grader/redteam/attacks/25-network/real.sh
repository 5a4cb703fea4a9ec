# Outside of its domain the program may use a network. Somebody listens.
perl -MIO::Socket::INET -e '$SIG{ALRM} = sub { exit }; alarm 15;
	$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 4711, Listen => 5, ReuseAddr => 1);
	$| = 1; while ($c = $s->accept) { print <$c> }' >received &
listener=$!
sleep 1
naive -run ledger "$1" >log
sleep 0.5
kill $listener
wait || true
grep -q 'canary-of-the-hidden-data' received || exit 1
