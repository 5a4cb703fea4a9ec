# The plain grader opens what was built, whatever it is. That it waits there,
# and is not only slow, is shown by giving it what it waits for.
naive -run none "$1" >log &
for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
	sleep 1
	for fifo in naive-*/vault; do
		test -p "$fifo" || continue
		timeout 1 sh -c "echo loot >$fifo" || true
	done
	kill -0 $! 2>/dev/null || break
done
wait
grep -q '^loot' built-vault || exit 1
