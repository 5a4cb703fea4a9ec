# It is unpacked as long as there is room. The script stops it before the machine has none.
timeout -s KILL 25 naive -run usage "$1" >log 2>&1 || true
count=$(find . -name '*.txt' -path '*zeros*' | wc -l)
rm -rf naive-*/zeros
test "$count" -gt 200 || exit 1
