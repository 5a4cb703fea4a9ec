package guest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"ipclab/internal/guest/api"
)

// keepPolicies is how many policies are kept, at 2 MB each: the lab's own, and
// the student's last ones.
const keepPolicies = 4

// policies remembers the policies that were loaded, so that going back to one
// needs no copy from the host.
type policies struct {
	mu     sync.Mutex
	kept   []kept // the newest last
	loaded string // digest of the one that was loaded last
	count  uint32 // the kernel's count of loads at that time
}

// kept is a policy with its name.
type kept struct {
	sha256 string
	data   []byte
}

// load puts a policy into the kernel, in one write as selinuxfs demands
// (security/selinux/selinuxfs.c, sel_write_load).
func (s *policies) load(p api.Policy) (api.PolicyLoaded, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.SHA256 == s.loaded && s.count == loadCount() {
		return api.PolicyLoaded{}, nil
	}
	i := slices.IndexFunc(s.kept, func(k kept) bool { return k.sha256 == p.SHA256 })
	if i < 0 {
		return api.PolicyLoaded{Missing: true}, nil
	}
	s.loaded = ""
	if err := writeFile("/sys/fs/selinux/load", string(s.kept[i].data)); err != nil {
		return api.PolicyLoaded{}, fmt.Errorf("the kernel refused the policy: %w", err)
	}
	s.loaded, s.count = p.SHA256, loadCount()
	return api.PolicyLoaded{}, nil
}

// receive reads an upload. The policy is not held against its digest, which is
// only its name: both come from the host, over a stream that loses nothing, and
// the kernel looks at every policy that it loads.
func (s *policies) receive(in *bufio.Reader) error {
	head, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	var name string
	var length int
	if _, err := fmt.Sscanf(head, string(api.UploadMark)+"%64s %d\n", &name, &length); err != nil {
		return fmt.Errorf("the head of an upload %q: %w", head, err)
	}
	if length < 0 || length > api.MaxPolicy {
		return fmt.Errorf("an upload of %d bytes", length)
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(in, data); err != nil {
		return err
	}
	s.keep(kept{sha256: name, data: data})
	return nil
}

func (s *policies) keep(k kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, k)
	if len(s.kept) > keepPolicies {
		s.kept = slices.Delete(s.kept, 0, 1)
	}
}

// loadCount is how often a policy was loaded since boot, from the status page
// that the kernel keeps for object managers (security/selinux/include/security.h,
// struct selinux_kernel_status: version, sequence, enforcing, policyload). With
// it the agent notices a policy that somebody else has loaded.
func loadCount() uint32 {
	status, err := os.ReadFile("/sys/fs/selinux/status")
	if err != nil || len(status) < 16 {
		return 0
	}
	return binary.NativeEndian.Uint32(status[12:])
}
