# The plain grader has no limit. The one here, of the compiler's alone, stands
# for the end of the machine's memory.
mkdir limited
printf '#!/bin/sh\nulimit -v 250000\nexec /usr/bin/make "$@"\n' >limited/make
chmod +x limited/make
PATH=$PWD/limited:$PATH naive -run none "$1" >log 2>&1
grep -q 'virtual memory exhausted\|out of memory\|annot allocate memory\|Killed' log || exit 1
