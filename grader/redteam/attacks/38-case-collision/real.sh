# Both are unpacked.
naive -run usage "$1" >log 2>&1 || true
grep -q '^swapped by the small one' log || exit 1
