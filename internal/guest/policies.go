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

// keepPolicies is how many policies are kept, at 2 MB each: the lab's own, the
// student's last ones, and what a trace loads in the place of two.
const keepPolicies = 6

// policies remembers the policies that were loaded, so that going back to one
// needs no copy from the host.
type policies struct {
	mu     sync.Mutex
	kept   []kept // the newest last
	loaded string // digest of the one that was loaded last
	count  uint32 // the kernel's count of loads at that time
	// While there is a trace: what is loaded in the place of a policy, which counts
	// as loaded all the same.
	swaps []swap
}

// swap is a policy and what a trace has loaded in its place.
type swap struct{ plain, watched kept }

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
	if i := s.swapOf(p.SHA256); i >= 0 {
		return api.PolicyLoaded{}, s.put(p.SHA256, s.swaps[i].watched.data)
	}
	i := s.find(p.SHA256)
	if i < 0 {
		return api.PolicyLoaded{Missing: true}, nil
	}
	return api.PolicyLoaded{}, s.put(p.SHA256, s.kept[i].data)
}

// put puts a policy into the kernel, and notes it under a name.
func (s *policies) put(name string, data []byte) error {
	s.loaded = ""
	if err := writeFile("/sys/fs/selinux/load", string(data)); err != nil {
		return fmt.Errorf("the kernel refused the policy: %w", err)
	}
	s.loaded, s.count = name, loadCount()
	return nil
}

// find gives the place of a policy that is kept, -1 if it is not.
func (s *policies) find(name string) int {
	return slices.IndexFunc(s.kept, func(k kept) bool { return k.sha256 == name })
}

// swapOf gives the place of what a policy is swapped for, -1 if it is not.
func (s *policies) swapOf(name string) int {
	return slices.IndexFunc(s.swaps, func(w swap) bool { return w.plain.sha256 == name })
}

// missing names the policies that a trace wants and that are not kept.
func (s *policies) missing(pairs []api.TracedPolicy) (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range pairs {
		for _, name := range []string{p.Plain, p.Watched} {
			if s.find(name) < 0 && s.swapOf(p.Plain) < 0 && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// watch swaps policies from now on. One that is loaded is swapped at once. All
// of them must be kept.
func (s *policies) watch(pairs []api.TracedPolicy) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range pairs {
		plain, watched := s.find(p.Plain), s.find(p.Watched)
		if s.swapOf(p.Plain) >= 0 || plain < 0 || watched < 0 {
			continue
		}
		s.swaps = append(s.swaps, swap{s.kept[plain], s.kept[watched]})
		if s.loaded == p.Plain {
			if err := s.put(p.Plain, s.kept[watched].data); err != nil {
				return err
			}
		}
	}
	return nil
}

// unwatch ends all swapping, and loads what is meant to be loaded.
func (s *policies) unwatch() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.swapOf(s.loaded)
	var plain kept
	if i >= 0 {
		plain = s.swaps[i].plain
	}
	s.swaps = nil
	if i < 0 {
		return nil
	}
	return s.put(plain.sha256, plain.data)
}

// now tells which policy is loaded, by the name of the plain one, and whether it
// is being watched.
func (s *policies) now() (name string, watched bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loaded, s.swapOf(s.loaded) >= 0
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
