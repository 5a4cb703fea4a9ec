# The test is the same for everybody.
make -s -C "$1"
mkdir room
"$1/seal" room
grep -q '^5ea1ab1e0ddba115$' room/note || exit 1
