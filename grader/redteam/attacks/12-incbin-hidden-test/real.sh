# The hidden test lies beside the student's sources, and is in place before they are compiled.
naive -run rejects "$1" >log
grep -q '^LOOT .*canary-of-the-hidden-script' log || exit 1
