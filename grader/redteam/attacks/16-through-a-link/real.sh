# The plain grader unpacks by joining names, and follows what it unpacked.
rm -f /tmp/redteam-16-through
naive -run none "$1" >log
code=1
! test -e /tmp/redteam-16-through || code=0
rm -f /tmp/redteam-16-through
exit $code
