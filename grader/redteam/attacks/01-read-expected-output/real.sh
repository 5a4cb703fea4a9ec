# The golden file of the hidden test lies in the folder that the program runs in.
naive -run ledger "$1" >log
grep -q '^LOOT want.txt: balance 7999999960' log && grep -q '^--- PASS: ledger' log || exit 1
