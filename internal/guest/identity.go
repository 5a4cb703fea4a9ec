package guest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"unsafe"

	"github.com/opencontainers/selinux/go-selinux"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// identify makes this clone different from every other one of the same
// snapshot: its clock, its randomness, its names and its keys.
func (a *Agent) identify(id api.Identity) (api.Welcome, error) {
	if err := setClock(id); err != nil {
		return api.Welcome{}, err
	}
	if err := reseed(id.Entropy); err != nil {
		return api.Welcome{}, err
	}
	if err := setNames(id.Hostname); err != nil {
		return api.Welcome{}, err
	}
	if err := a.newKey(); err != nil {
		return api.Welcome{}, err
	}
	return api.Welcome{
		HostKey: ssh.MarshalAuthorizedKey(a.hostKey().PublicKey()),
		Enforce: selinux.EnforceMode() == selinux.Enforcing,
	}, nil
}

func setClock(id api.Identity) error {
	ts, err := unix.TimeToTimespec(id.Time)
	if err != nil {
		return err
	}
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &ts); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	return nil
}

// Requests of random(4).
const (
	rndAddEntropy = 0x40085203
	rndReseedCRNG = 0x5207
)

// reseed credits the host's entropy and makes the kernel's generator use it at
// once: without this all clones of a snapshot draw the same numbers.
func reseed(entropy []byte) error {
	f, err := os.OpenFile("/dev/urandom", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	pool := make([]byte, 8, 8+len(entropy))
	*(*int32)(unsafe.Pointer(&pool[0])) = int32(len(entropy) * 8) // entropy_count, in bits
	*(*int32)(unsafe.Pointer(&pool[4])) = int32(len(entropy))     // buf_size
	pool = append(pool, entropy...)
	if err := ioctl(f, rndAddEntropy, uintptr(unsafe.Pointer(&pool[0]))); err != nil {
		return fmt.Errorf("add entropy: %w", err)
	}
	if err := ioctl(f, rndReseedCRNG, 0); err != nil {
		return fmt.Errorf("reseed: %w", err)
	}
	return nil
}

func ioctl(f *os.File, request, argument uintptr) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, argument); errno != 0 {
		return errno
	}
	return nil
}

func setNames(hostname string) error {
	if err := unix.Sethostname([]byte(hostname)); err != nil {
		return fmt.Errorf("hostname: %w", err)
	}
	if err := os.WriteFile("/etc/hostname", []byte(hostname+"\n"), 0o644); err != nil {
		return err
	}
	hosts := "127.0.0.1 localhost\n127.0.1.1 " + hostname + "\n::1 localhost\n"
	if err := os.WriteFile("/etc/hosts", []byte(hosts), 0o644); err != nil {
		return err
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return err
	}
	return os.WriteFile("/etc/machine-id", []byte(hex.EncodeToString(id)+"\n"), 0o444)
}
