// Package api is the vocabulary that host and guest share: the SSH channel
// types and the requests that the agent answers on them. It holds types only;
// what the agent does with them is in package guest, how the host sends them
// in package machine.
//
// Each byte stream to the agent carries one of three protocols, told apart by
// their first byte:
//
//   - SSH (RFC 4254). Session channels carry shells, commands and SFTP. One
//     channel type of our own, RunChannel, runs a program as a subject: the open
//     request's extra data is a RunSpec in JSON; channel data is stdin and
//     stdout, extended data type 1 is stderr, and the last request is
//     "exit@ipclab" with an Exit.
//   - JSON-RPC (net/rpc/jsonrpc) to the service "Agent", whose methods are
//     listed at CallIdentify. It needs no handshake, which under emulation saves
//     a tenth of a second.
//   - An upload of a policy: UploadMark, a line with its SHA-256 in hexadecimal
//     digits and its length, a blank between them, and its bytes. The agent
//     keeps it, answers UploadKept and closes the stream. Two megabytes as a
//     string in JSON would cost an emulated guest more than a second.
package api

import "time"

// The channel and request names of the protocol.
const (
	RunChannel  = "run@ipclab"
	ExitRequest = "exit@ipclab"

	StopRequest   = "stop@ipclab"   // to the agent: end the run
	SignalRequest = "signal@ipclab" // to the agent: the payload is a name such as "TERM"
)

// Subject is who acts: a user of the guest and an SELinux domain.
type Subject struct {
	User   string `json:"user"`   // a login name in the guest
	Domain string `json:"domain"` // an SELinux type; empty is the confined student domain
}

// Limits bound one run of untrusted code. A zero field takes the agent's
// default.
type Limits struct {
	Wall   time.Duration `json:"wall"`   // from start to the end of the last process
	Output int64         `json:"output"` // bytes of stdout and stderr together
	Memory int64         `json:"memory"` // bytes, cgroup memory.max
	Pids   int           `json:"pids"`   // tasks, cgroup pids.max
}

// RunSpec asks for one program to be run as a subject, in a cgroup of its own.
// When the program ends, every process left in that cgroup is killed.
type RunSpec struct {
	ID      string   `json:"id"`   // unique among the running ones; names the cgroup
	Argv    []string `json:"argv"` // Argv[0] is an absolute path, or the name of an actor
	Actor   bool     `json:"actor"`
	Subject Subject  `json:"subject"`
	Dir     string   `json:"dir"` // working directory; empty is "/"
	Env     []string `json:"env"`
	Umask   *uint32  `json:"umask"` // nil is 022
	Limits  Limits   `json:"limits"`
}

// Cause says why a run ended, apart from its exit code.
type Cause string

// The causes of a run's end.
const (
	CauseExit     Cause = "exit"     // it ended by itself; Code says how
	CauseSignal   Cause = "signal"   // a signal ended it; Signal names it
	CauseTimeout  Cause = "timeout"  // it was still running at its wall limit
	CauseFlood    Cause = "flood"    // it wrote more than its output limit
	CauseMemory   Cause = "memory"   // the kernel killed it at memory.max
	CausePids     Cause = "pids"     // it wanted more tasks than pids.max, and failed or hung for it
	CauseKilled   Cause = "killed"   // the host asked for its end (Stop, or the channel was closed)
	CauseNotBegun Cause = "notbegun" // it could not be started; Detail says why
)

// Exit is how a run ended.
type Exit struct {
	PID    int           `json:"pid"`
	Code   int           `json:"code"`   // exit code; -1 unless Cause is CauseExit
	Signal string        `json:"signal"` // "SIGSEGV", when a signal ended it
	Cause  Cause         `json:"cause"`
	Detail string        `json:"detail"` // for people
	Wall   time.Duration `json:"wall"`
	Left   int           `json:"left"` // processes that were still alive in the cgroup, and killed
}

// Op is one operation that the trusted probe attempts on an object.
type Op string

// The operations of the probe. Each opens or acts with O_NONBLOCK, so that a
// FIFO's rendezvous is never waited for: open-write on a FIFO without reader
// gives ENXIO, which the kernel reports only after permission was granted, and
// counts as allowed.
const (
	OpRead   Op = "read"   // open(O_RDONLY)
	OpWrite  Op = "write"  // open(O_WRONLY)
	OpAppend Op = "append" // open(O_WRONLY|O_APPEND)
	OpRdwr   Op = "rdwr"   // open(O_RDWR)
	OpStat   Op = "getattr"
	OpUnlink Op = "unlink" // checked by faccess of the parent is not enough: it renames to a hidden name and back
	OpChmod  Op = "setattr"
	OpCreate Op = "create" // mknod of a FIFO beside the object, removed again
)

// The operations on System V objects, beside OpCreate: there it makes an object
// of the same kind with another key, which the agent removes. SysVOps says which
// of them a kind has.
const (
	OpMsgget   Op = "msgget"  // by the key, asking for no access
	OpMsgsnd   Op = "msgsnd"  // a message of the probe's own type; the agent takes it back
	OpMsgrcv   Op = "msgrcv"  // a message that the agent has put there
	OpMsgcopy  Op = "msgcopy" // MSG_COPY of the first message
	OpShmget   Op = "shmget"
	OpShmatRO  Op = "shmat-ro" // and shmdt
	OpShmatRW  Op = "shmat-rw"
	OpLock     Op = "lock" // SHM_LOCK, SHM_UNLOCK
	OpSemget   Op = "semget"
	OpSemop    Op = "semop"          // adds one and takes it away in one call
	OpGetval   Op = "getval"         // GETVAL of the first semaphore
	OpIPCStat  Op = "stat"           // IPC_STAT
	OpIndex    Op = "index-stat"     // MSG_STAT, SHM_STAT, SEM_STAT
	OpIndexAny Op = "index-stat-any" // MSG_STAT_ANY, …
	OpInfo     Op = "info"           // MSG_INFO, SHM_INFO, SEM_INFO
	OpIPCSet   Op = "set"            // IPC_SET of what is set already
	OpRemove   Op = "rmid"           // IPC_RMID: the object is gone
)

// SysVOps are the operations that a kind of System V object has.
func SysVOps(kind string) []Op {
	own := map[string][]Op{
		KindQueue:      {OpMsgget, OpMsgsnd, OpMsgrcv, OpMsgcopy},
		KindSegment:    {OpShmget, OpShmatRO, OpShmatRW, OpLock},
		KindSemaphores: {OpSemget, OpSemop, OpGetval},
	}[kind]
	return append(own, OpCreate, OpIPCStat, OpIndex, OpIndexAny, OpInfo, OpIPCSet, OpRemove)
}

// ProbeSpec asks the trusted probe to attempt an operation as a subject. While
// it does, all runs stand still. With More they do so until the next probe, so
// that no program notices one before another has looked as well.
type ProbeSpec struct {
	Subject Subject `json:"subject"`
	Op      Op      `json:"op"`
	Path    string  `json:"path"`
	More    bool    `json:"more"`
}

// ProbeResult is what the kernel answered, and what it recorded about it.
type ProbeResult struct {
	PID     int      `json:"pid"`
	Errno   string   `json:"errno"`   // "EACCES"; empty when the call succeeded
	Context string   `json:"context"` // the SELinux context that the probe really had
	Object  Object   `json:"object"`  // the object as root sees it
	Records []Record `json:"records"` // audit records of that process, in order
	Lost    uint32   `json:"lost"`    // audit records that the kernel lost meanwhile
}

// Object is a file system object as a privileged stat sees it, or a System V
// object as root finds it by its key.
type Object struct {
	Path    string    `json:"path"`  // or what SysV.String gives
	Kind    string    `json:"kind"`  // fifo, file, dir, symlink, socket, char, block; msgq, shm, sem; "absent"
	Mode    string    `json:"mode"`  // "0660"
	Owner   string    `json:"owner"` // names, or numbers where there is no name
	Group   string    `json:"group"`
	Context string    `json:"context"` // whole SELinux context
	Inode   uint64    `json:"inode"`   // of a System V object its identifier
	Device  uint64    `json:"device"`
	Links   uint64    `json:"links"`
	Size    int64     `json:"size"` // of sem how many semaphores
	Changed time.Time `json:"changed"`

	Messages uint64 `json:"messages,omitempty"` // msgq: that wait
	Bytes    uint64 `json:"bytes,omitempty"`    // msgq: of all that wait
	Capacity uint64 `json:"capacity,omitempty"` // msgq: bytes that may wait
	Attached uint64 `json:"attached,omitempty"` // shm: how often it is attached
}

// Record is one audit record as the kernel wrote it.
type Record struct {
	Seq  uint64 `json:"seq"`  // the agent's own count, without gaps
	Type uint16 `json:"type"` // linux/audit.h; 1400 is AVC
	Text string `json:"text"` // "audit(1795251870.360:9): avc:  denied …"
}

// Directory is a directory that a lab wants in the guest.
type Directory struct {
	Path  string `json:"path"`
	Owner string `json:"owner"`
	Group string `json:"group"`
	Mode  string `json:"mode"` // octal
	Type  string `json:"type"` // SELinux type
}

// Stage is the state that a lab's checks begin from.
type Stage struct {
	Directories []Directory `json:"directories"` // emptied and made anew
}

// Identity is what makes one clone different from the next.
type Identity struct {
	Time     time.Time `json:"time"`
	Hostname string    `json:"hostname"`
	Entropy  []byte    `json:"entropy"`
}

// Welcome is the agent's answer to an Identity.
type Welcome struct {
	HostKey []byte `json:"host_key"` // authorized_keys form
	Enforce bool   `json:"enforce"`
}

// File is one file of a Tree.
type File struct {
	Path string `json:"path"` // slash-separated, relative to the tree's directory
	Exec bool   `json:"exec"`
	Data []byte `json:"data"`
}

// Tree is a directory's whole content. The agent puts it in place of what was
// there, owned by root and readable by all: student code cannot change it.
type Tree struct {
	Dir   string `json:"dir"` // absolute
	Files []File `json:"files"`
}

// RecordsQuery asks for audit records. The agent first waits until every
// record that the kernel wrote before the query has been read.
type RecordsQuery struct {
	Since uint64 `json:"since"` // records with Seq > Since
	PID   int    `json:"pid"`   // 0 is all processes
}

// RecordsReply answers a RecordsQuery.
type RecordsReply struct {
	Records []Record `json:"records"`
	Next    uint64   `json:"next"` // the Since of the next query
	Lost    uint32   `json:"lost"` // records that the kernel lost since boot
}

// The words of an upload.
const (
	UploadMark = 'P'
	UploadKept = "kept\n"
)

// MaxPolicy bounds an upload, in bytes.
const MaxPolicy = 64 << 20

// Policy names a binary policy that is to be loaded: one that was uploaded.
type Policy struct {
	SHA256 string `json:"sha256"`
}

// PolicyLoaded answers a Policy. Missing asks for the upload; nothing was
// loaded then.
type PolicyLoaded struct {
	Missing bool `json:"missing"`
}

// Empty is the argument or reply of a call that has none.
type Empty struct{}

// The methods of the service "Agent", with their argument and
// reply types:
//
//	Identify    Identity     → Welcome        gives a restored clone its own identity
//	Reset       Stage        → Empty          ends every run, empties the lab's directories
//	Install     Tree         → Empty          replaces a directory's content
//	Publish     Outputs      → Published      moves a build's outputs to /lab/bin
//	Stat        Object.Path  → Object         looks at an object with the agent's own eyes
//	Probe       ProbeSpec    → ProbeResult    attempts one operation as a subject
//	Records     RecordsQuery → RecordsReply   reads the audit trail
//	LoadPolicy  Policy       → PolicyLoaded   puts a binary policy into the kernel
//	SetEnforce  bool         → Empty          switches enforcing on or off
//	Play        PlaySpec     → PlayResult     plays a scenario
const (
	CallIdentify   = "Agent.Identify"
	CallReset      = "Agent.Reset"
	CallInstall    = "Agent.Install"
	CallPublish    = "Agent.Publish"
	CallStat       = "Agent.Stat"
	CallProbe      = "Agent.Probe"
	CallRecords    = "Agent.Records"
	CallLoadPolicy = "Agent.LoadPolicy"
	CallSetEnforce = "Agent.SetEnforce"
	CallPlay       = "Agent.Play"
)

// Outputs names the files that a build must have made.
type Outputs struct {
	Names []string `json:"names"`
}

// Published answers Outputs. Bad is empty when all were published; otherwise it
// names an output that cannot be used, and Reason says why.
type Published struct {
	Bad    string `json:"bad"`
	Reason string `json:"reason"`
}
