# The later one wins.
naive -run usage "$1" >log 2>&1 || true
grep -q '^swapped by the second' log || exit 1
