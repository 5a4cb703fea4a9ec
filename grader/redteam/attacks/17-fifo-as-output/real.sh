# The plain grader opens what was built, whatever it is. That it waits there,
# and is not only slow, is shown by giving it what it waits for.
naive -run none "$1" >log &
while kill -0 $! 2>/dev/null; do
	for fifo in naive-*/vault; do
		test -p "$fifo" || continue
		timeout 1 sh -c "echo loot >$fifo" || true
	done
	sleep 0.5
done
wait
grep -q '^loot' built-vault || exit 1
