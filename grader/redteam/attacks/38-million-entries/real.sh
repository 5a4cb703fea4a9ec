# They are made one by one. The script stops that before there is no room in the machine.
timeout -s KILL 25 naive -run usage "$1" >log 2>&1 || true
count=$(find . -path '*many*' | wc -l)
rm -rf naive-*/many
test "$count" -gt 1000 || exit 1
