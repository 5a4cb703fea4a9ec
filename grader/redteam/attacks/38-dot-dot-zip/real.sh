# Joining a name to a folder's does not keep it there.
naive -run usage "$1" >log 2>&1 || true
test -e planted.txt || exit 1
