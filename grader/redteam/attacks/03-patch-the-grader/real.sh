# The programs run under the grader's own account.
cp "$(command -v naive)" naive
mkdir empty
./naive -run rejects "$1" >log
./naive -run rejects -out second.json empty >second 2>&1 || true
grep -q '^score 100/100' second || exit 1
