# The plain grader waits for make as long as make wants.
mkdir limited
printf '#!/bin/sh\nexec timeout -s KILL 15 /usr/bin/make "$@"\n' >limited/make
chmod +x limited/make
PATH=$PWD/limited:$PATH naive -run none "$1" >log 2>&1
grep -q 'exit status 137\|signal: killed' log || exit 1
