# The plain grader copies the FIFO, and its compiler opens it.
naive -run none "$1" >log 2>&1 &
while kill -0 $! 2>/dev/null; do
	for fifo in naive-*/vault.c; do
		test -p "$fifo" || continue
		timeout 1 sh -c "echo '#error loot' >$fifo" || true
	done
	sleep 0.5
done
wait
grep -q 'error: #error loot' log || exit 1
