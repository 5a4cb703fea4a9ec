# Whoever reads records out of a log takes what programs print for lines of it.
naive -run rejects "$1" >log
grep -q '^type=AVC msg=audit.*denied  { write } for  pid=1 comm=probe' log || exit 1
