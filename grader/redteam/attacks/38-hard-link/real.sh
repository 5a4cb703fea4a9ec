# A hard link is made to whatever it names.
ln -f "$0" ../linked 2>/dev/null || true
touch /opt/redteam/canary
naive -run usage "$1" >log 2>&1 || true
links=$(stat -c %h /opt/redteam/canary)
rm /opt/redteam/canary
test "$links" = 2 || exit 1
