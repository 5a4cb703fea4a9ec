# It is unpacked as long as there is room. The script stops it before the machine has none.
(ulimit -f 500000; timeout -s KILL 40 naive -run usage "$1") >log 2>&1 || true
size=$(find . -name zeros.txt -size +200M | wc -l)
find . -name zeros.txt -delete
test "$size" = 1 || exit 1
