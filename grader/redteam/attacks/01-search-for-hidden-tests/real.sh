# The hidden tests lie where the programs can read them.
naive -run ledger "$1" >log
grep -q '^LOOT .*canary-of-the-hidden-data' log || exit 1
