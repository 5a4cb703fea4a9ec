package guest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Act is the main of a trusted actor: it plays one part of an exchange in a
// subject's place. It prints "ready" on stderr when it is set up. The parts:
//
//	read [-n BYTES] [-delay DUR] PATH   copies to stdout until end of file
//	write PATH TEXT…                    writes each TEXT as a line, one write(2) each
//	hold r|w|rw PATH                    keeps PATH open, printing what can be read
//	watch DIR                           prints the names that come and go in DIR
//	mkfifo MODE PATH · mkfile MODE PATH TEXT · symlink TARGET PATH · socket PATH
func Act(args []string) error {
	if len(args) == 0 {
		return errors.New("no actor named")
	}
	name, args := args[0], args[1:]
	switch name {
	case "read":
		return actRead(args)
	case "write":
		return actWrite(args)
	case "hold":
		return actHold(args)
	case "watch":
		return actWatch(args)
	case "mkfifo":
		return actMkfifo(args)
	case "mkfile":
		return actMkfile(args)
	case "symlink":
		return withArgs(args, 2, func() error { return os.Symlink(args[0], args[1]) })
	case "socket":
		return withArgs(args, 1, func() error { return makeSocket(args[0]) })
	}
	return fmt.Errorf("no actor %q", name)
}

func ready() { fmt.Fprintln(os.Stderr, "ready") }

func withArgs(args []string, want int, do func() error) error {
	if len(args) != want {
		return fmt.Errorf("want %d arguments, got %d", want, len(args))
	}
	return do()
}

func actRead(args []string) error {
	flags := flag.NewFlagSet("read", flag.ContinueOnError)
	limit := flags.Int64("n", 0, "stop after so many bytes")
	delay := flags.Duration("delay", 0, "wait between opening and reading")
	flags.Bool("lines", true, "kept for scripts; output is always passed on as it comes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return withArgs(flags.Args(), 1, func() error {
		f, err := openBlocking(flags.Arg(0), unix.O_RDONLY)
		if err != nil {
			return err
		}
		defer f.Close()
		ready()
		time.Sleep(*delay)
		if *limit > 0 {
			_, err = io.CopyN(os.Stdout, f, *limit)
		} else {
			_, err = io.Copy(os.Stdout, f)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
}

// openBlocking opens a FIFO as an ordinary program does, waiting for the other
// end. The descriptor stays blocking: Go's poller would hide the rendezvous.
func openBlocking(path string, flags int) (*os.File, error) {
	for {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", path, err)
		}
		return os.NewFile(uintptr(fd), path), nil
	}
}

func actWrite(args []string) error {
	if len(args) < 1 {
		return errors.New("want a path")
	}
	f, err := openBlocking(args[0], unix.O_WRONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	ready()
	for _, text := range args[1:] {
		if _, err := f.WriteString(text + "\n"); err != nil {
			return err
		}
	}
	return nil
}

func actHold(args []string) error {
	modes := map[string]int{"r": unix.O_RDONLY, "w": unix.O_WRONLY, "rw": unix.O_RDWR}
	return withArgs(args, 2, func() error {
		mode, ok := modes[args[0]]
		if !ok {
			return fmt.Errorf("hold %s: want r, w or rw", args[0])
		}
		fd, err := unix.Open(args[1], mode|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open %s: %w", args[1], err)
		}
		defer unix.Close(fd)
		ready()
		return holdOpen(fd, mode != unix.O_WRONLY)
	})
}

// holdOpen prints what arrives until the actor is told to end.
func holdOpen(fd int, reads bool) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	buf := make([]byte, 64<<10)
	for {
		n := 0
		if reads {
			n, _ = unix.Read(fd, buf) // EAGAIN and end of file alike: nothing now
		}
		if n > 0 {
			os.Stdout.Write(buf[:n])
			continue
		}
		select {
		case <-stop:
			return nil
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func actMkfifo(args []string) error {
	return withArgs(args, 2, func() error {
		mode, err := strconv.ParseUint(args[0], 8, 12)
		if err != nil {
			return err
		}
		unix.Umask(0)
		return unix.Mkfifo(args[1], uint32(mode))
	})
}

func actMkfile(args []string) error {
	return withArgs(args, 3, func() error {
		mode, err := strconv.ParseUint(args[0], 8, 12)
		if err != nil {
			return err
		}
		unix.Umask(0)
		return os.WriteFile(args[1], []byte(args[2]+"\n"), os.FileMode(mode))
	})
}

func makeSocket(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrUnix{Name: path})
}

// watched are the events that the watcher tells, in inotify's words (inotify(7)).
func watched() []struct {
	mask uint32
	word string
} {
	return []struct {
		mask uint32
		word string
	}{
		{unix.IN_CREATE, "create"}, {unix.IN_DELETE, "delete"}, {unix.IN_ATTRIB, "attrib"},
		{unix.IN_MOVED_FROM, "moved_from"}, {unix.IN_MOVED_TO, "moved_to"},
		{unix.IN_Q_OVERFLOW, "overflow"},
	}
}

func actWatch(args []string) error {
	return withArgs(args, 1, func() error {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		var mask uint32
		for _, e := range watched() {
			mask |= e.mask
		}
		if _, err := unix.InotifyAddWatch(fd, args[0], mask); err != nil {
			return fmt.Errorf("watch %s: %w", args[0], err)
		}
		ready()
		return printEvents(bufio.NewReaderSize(os.NewFile(uintptr(fd), "inotify"), 64<<10))
	})
}

func printEvents(in *bufio.Reader) error {
	for {
		head := make([]byte, unix.SizeofInotifyEvent)
		if _, err := io.ReadFull(in, head); err != nil {
			return err
		}
		mask, length := binary.NativeEndian.Uint32(head[4:]), binary.NativeEndian.Uint32(head[12:])
		name := make([]byte, length)
		if _, err := io.ReadFull(in, name); err != nil {
			return err
		}
		for _, e := range watched() {
			if mask&e.mask != 0 {
				fmt.Printf("%s %s\n", e.word, strings.TrimRight(string(name), "\x00"))
			}
		}
	}
}
