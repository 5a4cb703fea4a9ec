package sipc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"ipclab/sipc"
)

// The whole life of a channel. Each part is a process of its own, in real life,
// and runs in a domain of its own.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	// The helper prints the descriptor and exits.
	descriptor, err := sipc.Create(sipc.Config{Mode: sipc.Strict})
	if err != nil {
		log.Fatal(err)
	}
	defer descriptor.Remove() // the destroyer's part

	go func() { // the sender's part
		s, err := sipc.OpenSender(ctx, descriptor)
		if err != nil {
			log.Fatal(err)
		}
		defer s.Close()
		for _, word := range []string{"wash", "rinse", "repeat"} {
			if err := s.Send(ctx, []byte(word)); err != nil { // returns when it was read
				log.Fatal(err)
			}
		}
		if err := s.Finish(ctx); err != nil {
			log.Fatal(err)
		}
	}()

	r, err := sipc.OpenReceiver(ctx, descriptor)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	buf := make([]byte, 1000)
	for {
		n, err := r.Recv(ctx, buf)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", buf[:n])
	}
	// Output:
	// wash
	// rinse
	// repeat
}

// Large data need not be copied at either end.
func ExampleSender_Reserve() {
	ctx := context.Background()
	descriptor, err := sipc.Create(sipc.Config{SlotSize: 1 << 20, Checksum: true})
	if err != nil {
		log.Fatal(err)
	}
	defer descriptor.Remove()
	s, err := sipc.OpenSender(ctx, descriptor)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	r, err := sipc.OpenReceiver(ctx, descriptor)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()

	slot, err := s.Reserve(ctx, 1<<20) // memory of the segment
	if err != nil {
		log.Fatal(err)
	}
	n := copy(slot, "computed in place")
	if err := s.Commit(ctx, n); err != nil {
		log.Fatal(err)
	}

	chunk, err := r.Borrow(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", chunk.Bytes)
	if err := r.Release(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: computed in place
}

// A stream of bytes, copied through the segment.
func ExampleNewWriter() {
	ctx := context.Background()
	descriptor, err := sipc.Create(sipc.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer descriptor.Remove()
	go func() {
		s, err := sipc.OpenSender(ctx, descriptor)
		if err != nil {
			log.Fatal(err)
		}
		defer s.Close()
		w := sipc.NewWriter(ctx, s)
		if _, err := io.Copy(w, strings.NewReader("one way only\n")); err != nil {
			log.Fatal(err)
		}
		if err := w.Close(); err != nil { // the reader gets io.EOF
			log.Fatal(err)
		}
	}()
	r, err := sipc.OpenReceiver(ctx, descriptor)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	if _, err := io.Copy(os.Stdout, sipc.NewReader(ctx, r)); err != nil {
		log.Fatal(err)
	}
	// Output: one way only
}

// Small records share a chunk.
func ExamplePacker() {
	ctx := context.Background()
	descriptor, err := sipc.Create(sipc.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer descriptor.Remove()
	s, err := sipc.OpenSender(ctx, descriptor)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	p := sipc.NewPacker(s)
	for i := range 3 {
		if err := p.Append(ctx, fmt.Appendf(nil, "record %d", i)); err != nil {
			log.Fatal(err)
		}
	}
	if err := p.Flush(ctx); err != nil { // nothing goes out before
		log.Fatal(err)
	}
	if err := s.Finish(ctx); err != nil {
		log.Fatal(err)
	}

	r, err := sipc.OpenReceiver(ctx, descriptor)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for u := sipc.NewUnpacker(r); ; {
		record, err := u.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", record)
	}
	// Output:
	// record 0
	// record 1
	// record 2
}
