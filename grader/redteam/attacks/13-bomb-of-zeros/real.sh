# The plain grader has no limit. The one here, of the assembler's alone, stands
# for the end of the disk.
mkdir limited
printf '#!/bin/sh\nulimit -f 400000\nexec /usr/bin/make "$@"\n' >limited/make
chmod +x limited/make
PATH=$PWD/limited:$PATH naive -run none "$1" >log 2>&1
grep -qi 'file too large\|file size\|can.t close\|can.t write' log || exit 1
