# Whoever can read the grader's command line knows where the report goes.
naive -run rejects -out report.json "$1" >log
for try in 1 2 3 4 5 6 7 8 9 10; do
	! grep -q planted report.json || exit 0
	sleep 0.2
done
exit 1
