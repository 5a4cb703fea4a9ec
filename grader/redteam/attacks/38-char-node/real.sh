# The node is made as the archive says, by root.
naive -run usage "$1" >log 2>&1 || true
found=$(find . -name more.cil -type c)
test -n "$found" || exit 1
rm $found
