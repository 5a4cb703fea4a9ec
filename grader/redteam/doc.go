// Package redteam attacks the grader: hostile submissions, each with the score
// that an honest reading gives, graded as a class by the real ipclab in real
// machines, with innocent submissions between them. `make redteam` prints what
// came of it.
//
// # The forty kinds
//
//	 1 read hidden tests or expected output     21 a process that survives its parent
//	 2 overwrite the result file                22 a fork bomb
//	 3 patch the harness                        23 a flood of output
//	 4 print PASS                               24 kill, stop or trace what judges
//	 5 print a line that looks like a result    25 the network
//	 6 plant a report at the end                26 a channel to another submission
//	 7 end early with success                   27 other ways into the kernel
//	 8 markup for reports and terminals         28 environment, descriptors, tokens
//	 9 hard-code the expected output            29 find the solution
//	10 fake the required mechanism              30 notice the grader and behave
//	11 run code at compile time                 31 swap what was checked before it is used
//	12 include or embed files                   32 fake a denial
//	13 a compiler bomb                          33 switch SELinux off, or over-grant
//	14 replace instructor files                 34 hand in somebody else's work
//	15 a link as an output file                 35 state carried between runs
//	16 a link that leads the grader out         36 use up disk, inodes, memory
//	17 a FIFO as an output file                 37 forge audit records
//	18 rewrite the golden file                  38 archives
//	19 ignore signals                           39 time
//	20 a grandchild holds the output            40 the agent's own channel
//
// # An attack
//
// Each is a folder attacks/NN-slug; NN is one of the forty kinds of attack, and
// a kind with variants has several folders. The submission begins with the
// lab's solution. What differs from it is told by
//
//	change.patch   changes files of the solution, as diff -u writes it
//	files/         is laid over it
//	attack.yaml    says the rest, below
//	real.sh        shows that the attack is real, further below
//
// In attack.yaml a key that is not known is a mistake, and a missing one too
// unless it is called optional here:
//
//	attack: 4                  # the number
//	title: print PASS
//	tries: one or two sentences
//	lab: vault                 # of redteam/labs, or fifo
//	expect:
//	  status: graded           # or refused: then score is 0 and there are no fails
//	  score: 60
//	  fails: [check, check]    # exactly these fail; those that need them are skipped
//	why: why that is the honest score
//	real:
//	  how: naive               # or guest
//	  shows: one sentence
//	  alone: true              # optional: it disturbs others and gets a machine of its own
//	  limit: 60s               # optional: for one run of real.sh, 2m if not said
//
//	never: ["root:"]           # optional: texts that must stand nowhere in what students get
//	student: '=1+1'            # optional: the name it is handed in under
//	bare: true                 # optional: it does not begin with the solution
//	delete: [reader.c]         # optional: what the solution has and it lacks
//	form: zip                  # optional: folder, tar, tar.gz, tar.zst or zip; folder if not said
//	cut: 100                   # optional: bytes that are missing at the archive's end
//	add:                       # optional: what no repository could hold; laid over all else
//	  - {name: ../../etc/x, data: "text"}        # a file; in archives any name goes
//	  - {name: big, size: 1000000000}            # zeros after the data, up to this size
//	  - {name: "many/%d", count: 1000000}        # %d is the number of each
//	  - {name: x, kind: symlink, link: /etc}     # or dir, hardlink, fifo, char, block
//	  - {name: y, mode: "4755"}
//
// # That it is real
//
// real.sh is run as root in a guest, unconfined, with the defence off. Its
// first argument is the submission: a folder that it may change, or the
// archive. The second is the lab's solution, handed in in the same form: how
// long that takes tells "for ever" from "slowly". It runs in a fresh folder of
// its own, and the program `naive` is in its PATH. It exits with
//
//	0   the attack did work
//	1   it did not
//
// and anything else is a mistake. It is run twice. With the attack it must exit
// with 0, and with the lab's innocent solution in place of it with 1: a proof
// that cannot fail is none. With how: naive the script lets the plain grader of
// redteam/naive judge the submission and looks at what came of it. With how:
// guest it switches one defence off by itself, says in a comment which, and
// shows what the submission then does. Scripts must not leave a process, a
// changed setting or a file outside their folder behind, unless they are alone.
//
// # Trying one
//
//	RED_TEAM='04-*' go test -v -run TestRedTeam ./grader/redteam          both, and the table
//	RED_TEAM='04-*' go test -v -run TestAttacksAreReal ./grader/redteam   the proof alone
//	go test -short ./grader/redteam                                       what needs no machine
//
// Nothing of an attack is ever run on this computer: submissions are written
// into a folder, packed, and judged or run in guests.
package redteam
