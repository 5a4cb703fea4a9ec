package guest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
	"ipclab/internal/guest/tally"
)

// Audit netlink, from linux/audit.h. The status structure is the kernel's
// struct audit_status.
const (
	auditGet       = 1000
	auditSet       = 1001
	auditUser      = 1005
	auditFirstUser = 1100
	auditUserMark  = 1112 // AUDIT_USER_CHAUTHTOK is unused here; see mark

	auditStatusEnabled      = 0x0001
	auditStatusFailure      = 0x0002
	auditStatusPID          = 0x0004
	auditStatusRateLimit    = 0x0008
	auditStatusBacklogLimit = 0x0010

	statusWords = 10
	statusLost  = 6 // index of "lost" in struct audit_status
)

// keep is how many records the trail holds; older ones are dropped, which a
// query for them is told.
const keep = 1 << 14

// markWait bounds how long a query waits for its own mark to come round.
const markWait = 5 * time.Second

// Trail reads the kernel's audit trail, as the one audit daemon of the machine.
// While it is registered as such the kernel queues records for it and does not
// drop them; if the backlog overflows all the same, the kernel counts the loss
// and every reply says so.
type Trail struct {
	fd int

	mu      sync.Mutex
	cond    *sync.Cond
	records []api.Record
	next    uint64 // Seq of the next record
	marks   map[string]bool
	lost    uint32
	watcher *tally.Tally // nil if nobody watches
	answers uint64       // to our questions for the status
	nonce   uint64
	seq     uint32
}

// OpenTrail registers this process as the audit daemon (netlink(7), protocol
// NETLINK_AUDIT) with no rate limit and a long backlog.
func OpenTrail() (*Trail, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_AUDIT)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("audit: %w", err)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20)
	t := &Trail{fd: fd, next: 1, marks: map[string]bool{}}
	t.cond = sync.NewCond(&t.mu)
	return t, t.register()
}

func (t *Trail) register() error {
	status := make([]uint32, statusWords)
	status[0] = auditStatusEnabled | auditStatusFailure | auditStatusPID | auditStatusRateLimit | auditStatusBacklogLimit
	status[1] = 1 // enabled
	status[2] = 1 // on failure: printk
	status[3] = uint32(os.Getpid())
	status[4] = 0 // no rate limit
	status[5] = 1 << 16
	payload := make([]byte, 0, 4*statusWords)
	for _, w := range status {
		payload = binary.NativeEndian.AppendUint32(payload, w)
	}
	return t.send(auditSet, payload)
}

// send sends one netlink message; the answer, if any, comes to Read.
func (t *Trail) send(kind uint16, payload []byte) error {
	t.mu.Lock()
	t.seq++
	seq := t.seq
	t.mu.Unlock()
	m := make([]byte, unix.SizeofNlMsghdr, unix.SizeofNlMsghdr+len(payload))
	binary.NativeEndian.PutUint32(m[0:], uint32(unix.SizeofNlMsghdr+len(payload)))
	binary.NativeEndian.PutUint16(m[4:], kind)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST)
	binary.NativeEndian.PutUint32(m[8:], seq)
	m = append(m, payload...)
	if err := unix.Sendto(t.fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// Read reads the trail until ctx ends.
func (t *Trail) Read(ctx context.Context) error {
	go func() {
		<-ctx.Done()
		unix.Shutdown(t.fd, unix.SHUT_RDWR)
		t.cond.Broadcast()
	}()
	buf := make([]byte, 64<<10)
	for ctx.Err() == nil {
		n, from, err := unix.Recvfrom(t.fd, buf, 0)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ENOBUFS):
			t.addLost(1)
		case err != nil:
			return fmt.Errorf("audit: %w", err)
		case fromKernel(from):
			t.take(buf[:n])
		}
	}
	return ctx.Err()
}

// fromKernel refuses netlink messages that another process sent to our port.
func fromKernel(a unix.Sockaddr) bool {
	n, ok := a.(*unix.SockaddrNetlink)
	return ok && n.Pid == 0
}

// take takes one datagram. The length field of audit messages does not count
// the header (kernel/audit.c, audit_make_reply's callers), so the datagram's
// own length is what counts.
func (t *Trail) take(m []byte) {
	if len(m) < unix.SizeofNlMsghdr {
		return
	}
	kind := binary.NativeEndian.Uint16(m[4:])
	body := m[unix.SizeofNlMsghdr:]
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case kind == auditGet && len(body) >= 4*(statusLost+1):
		t.lost = max(t.lost, binary.NativeEndian.Uint32(body[4*statusLost:]))
		t.answers++
	case kind == auditUserMark && t.takeMark(string(body)):
	case kind >= auditFirstUser:
		text := strings.TrimRight(string(body), "\x00\n")
		if t.watcher == nil || !t.watcher.Add(kind, text) {
			t.append(kind, text)
		}
	}
	t.cond.Broadcast()
}

// watch has records counted from now on; nil ends it. Those of which the tally
// says so are not kept: nobody else wants to know them.
func (t *Trail) watch(w *tally.Tally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watcher = w
}

func (t *Trail) append(kind uint16, text string) {
	t.records = append(t.records, api.Record{Seq: t.next, Type: kind, Text: text})
	t.next++
	if len(t.records) > keep {
		t.records = append(t.records[:0:0], t.records[len(t.records)-keep/2:]...)
	}
}

func (t *Trail) addLost(n uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost += n
}

// mark writes a record of our own into the trail and waits until it comes
// round: the kernel keeps records in order, so everything that was written
// before the mark has been read by then. It also asks for the count of lost
// records, whose answer takes another way and is waited for by itself.
func (t *Trail) mark() error {
	t.mu.Lock()
	t.nonce++
	text := "ipclab-mark-" + strconv.FormatUint(t.nonce, 10) + "-"
	t.marks[text] = false
	want := t.answers + 1
	t.mu.Unlock()
	if err := t.send(auditGet, nil); err != nil {
		return err
	}
	if err := t.send(auditUserMark, append([]byte(text), 0)); err != nil {
		return err
	}
	deadline := time.Now().Add(markWait)
	timer := time.AfterFunc(markWait, t.cond.Broadcast)
	defer timer.Stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	defer delete(t.marks, text)
	for !t.marks[text] || t.answers < want {
		if !time.Now().Before(deadline) {
			return fmt.Errorf("audit: the kernel did not hand over its records within %v", markWait)
		}
		t.cond.Wait()
	}
	return nil
}

// takeMark notes a mark's return. Only the agent may write user records (it
// alone has CAP_AUDIT_WRITE among those that matter), and the record names its
// writer's pid, which is compared.
func (t *Trail) takeMark(text string) bool {
	if !strings.Contains(text, "pid="+strconv.Itoa(os.Getpid())+" ") {
		return false
	}
	for mark := range t.marks {
		if strings.Contains(text, mark) {
			t.marks[mark] = true
			return true
		}
	}
	return false
}

// Query answers a query for records.
func (t *Trail) Query(q api.RecordsQuery) (api.RecordsReply, error) {
	if err := t.mark(); err != nil {
		return api.RecordsReply{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	reply := api.RecordsReply{Next: t.next - 1, Lost: t.lost}
	for _, r := range t.records {
		if r.Seq > q.Since && (q.PID == 0 || names(r.Text, q.PID)) {
			reply.Records = append(reply.Records, r)
		}
	}
	return reply, nil
}

// last is the Seq of the newest record, without waiting for anything.
func (t *Trail) last() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next - 1
}

// names tells whether a record is about the process. It only selects; whoever
// judges parses the record.
func names(text string, pid int) bool {
	want := " pid=" + strconv.Itoa(pid)
	at := strings.Index(text, want)
	return at >= 0 && (len(text) == at+len(want) || text[at+len(want)] == ' ')
}
