# A grader that, as root, puts something into what the program made.
make -s -C "$1"
rm -f /tmp/redteam-16-victim
printf '1\n' | timeout 20 "$1/vault" slot >log 2>&1 &
until test -e slot || test -L slot; do sleep 0.1; done
if test -p slot; then
	cat slot >log
else
	echo graded >slot
fi
wait
code=1
! grep -q graded /tmp/redteam-16-victim 2>/dev/null || code=0
rm -f /tmp/redteam-16-victim
exit $code
