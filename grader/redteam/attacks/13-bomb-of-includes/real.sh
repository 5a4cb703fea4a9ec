# The plain grader waits for make as long as make wants.
begun=$(date +%s)
naive -run none "$2" >honest
patience=$((3 * ($(date +%s) - begun) + 6))
mkdir limited
printf '#!/bin/sh\nexec timeout -s KILL %s /usr/bin/make "$@"\n' $patience >limited/make
chmod +x limited/make
PATH=$PWD/limited:$PATH naive -run none "$1" >log 2>&1
grep -q 'exit status 137\|signal: killed' log || exit 1
