# The plain grader copies the submission with its links, and writes into it.
rm -rf /tmp/redteam-16-outside
mkdir /tmp/redteam-16-outside
naive -run none "$1" >log
code=1
! test -e /tmp/redteam-16-outside/ledger.txtar || code=0
rm -rf /tmp/redteam-16-outside
exit $code
