# What was unpacked first is followed by what comes after it.
naive -run usage "$1" >log 2>&1 || true
test -e planted.txt || exit 1
