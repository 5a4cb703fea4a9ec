# What cannot be unpacked ends the whole run.
code=0
naive -run usage "$1" >log 2>&1 || code=$?
test $code = 1 && grep -q 'unexpected EOF' log || exit 1
