package main

import (
	"context"
	"errors"

	"ipclab/sipc"
)

func layStrict(trial) (*cable, error) { return layChannel(sipc.Config{Mode: sipc.Strict}) }

// layPipelined makes a channel of the default kind, whatever the messages' size.
func layPipelined(trial) (*cable, error) { return layChannel(sipc.Config{}) }

// layChannel is the helper.
func layChannel(c sipc.Config) (*cable, error) {
	d, err := sipc.Create(c)
	if err != nil {
		return nil, err
	}
	return &cable{word: d.String(), remove: d.Remove}, nil
}

// channelOut is the sender of a channel.
type channelOut struct {
	ctx  context.Context
	s    *sipc.Sender
	work *work
	buf  []byte
}

func openChannelOut(ctx context.Context, p plug) (*channelOut, error) {
	d, err := sipc.ParseDescriptor(p.word)
	if err != nil {
		return nil, err
	}
	s, err := sipc.OpenSender(ctx, d)
	return &channelOut{ctx, s, p.work, private(p.Size)}, err
}

func (c *channelOut) Close() error { return c.s.Close() }

// channelIn is the receiver of a channel.
type channelIn struct {
	ctx  context.Context
	r    *sipc.Receiver
	work *work
	buf  []byte
}

func openChannelIn(ctx context.Context, p plug) (*channelIn, error) {
	d, err := sipc.ParseDescriptor(p.word)
	if err != nil {
		return nil, err
	}
	r, err := sipc.OpenReceiver(ctx, d)
	return &channelIn{ctx, r, p.work, private(p.Size)}, err
}

func (c *channelIn) Close() error { return c.r.Close() }

// copyOut sends messages out of private memory, copyIn receives them into it.
type (
	copyOut struct{ *channelOut }
	copyIn  struct{ *channelIn }
)

func sipcSender(ctx context.Context, p plug) (sender, error) {
	c, err := openChannelOut(ctx, p)
	return copyOut{c}, err
}

func sipcReceiver(ctx context.Context, p plug) (receiver, error) {
	c, err := openChannelIn(ctx, p)
	return copyIn{c}, err
}

func (c copyOut) send(messages int) error {
	for range messages {
		c.work.make(c.buf)
		if err := c.s.Send(c.ctx, c.buf); err != nil {
			return err
		}
	}
	return nil
}

func (c copyIn) receive(messages int) error {
	for range messages {
		n, err := c.r.Recv(c.ctx, c.buf)
		if err != nil {
			return err
		}
		if n != len(c.buf) {
			return errShort
		}
		c.work.take(c.buf)
	}
	return nil
}

// placeOut and placeIn work on messages in the slots themselves. What is larger
// than a slot is made and taken in parts.
type (
	placeOut struct {
		*channelOut
		part int
	}
	placeIn struct{ *channelIn }
)

func placeSender(ctx context.Context, p plug) (sender, error) {
	c, err := openChannelOut(ctx, p)
	if err != nil {
		return nil, err
	}
	return placeOut{c, min(p.Size, int(c.s.Header().SlotSize))}, nil
}

func placeReceiver(ctx context.Context, p plug) (receiver, error) {
	c, err := openChannelIn(ctx, p)
	return placeIn{c}, err
}

func (c placeOut) send(messages int) error {
	for range messages {
		for at := 0; at < len(c.buf); at += c.part {
			n := min(c.part, len(c.buf)-at)
			slot, err := c.s.Reserve(c.ctx, n)
			if err != nil {
				return err
			}
			c.work.make(slot[:n])
			if err := c.s.Commit(c.ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c placeIn) receive(messages int) error {
	for range messages {
		for got := 0; got < len(c.buf); {
			chunk, err := c.r.Borrow(c.ctx)
			if err != nil {
				return err
			}
			c.work.take(chunk.Bytes)
			got += len(chunk.Bytes)
			if err := c.r.Release(c.ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// packedOut and packedIn send small messages as records, many to a slot.
type (
	packedOut struct {
		*channelOut
		packer *sipc.Packer
	}
	packedIn struct {
		*channelIn
		unpacker *sipc.Unpacker
	}
)

func packedSender(ctx context.Context, p plug) (sender, error) {
	c, err := openChannelOut(ctx, p)
	if err != nil {
		return nil, err
	}
	return packedOut{c, sipc.NewPacker(c.s)}, nil
}

func packedReceiver(ctx context.Context, p plug) (receiver, error) {
	c, err := openChannelIn(ctx, p)
	if err != nil {
		return nil, err
	}
	return packedIn{c, sipc.NewUnpacker(c.r)}, nil
}

func (c packedOut) send(messages int) error {
	for range messages {
		c.work.make(c.buf)
		if err := c.packer.Append(c.ctx, c.buf); err != nil {
			return err
		}
	}
	return c.packer.Flush(c.ctx)
}

func (c packedIn) receive(messages int) error {
	for range messages {
		record, err := c.unpacker.Next(c.ctx)
		if err != nil {
			return err
		}
		if len(record) != len(c.buf) {
			return errShort
		}
		c.work.take(record)
	}
	return nil
}

// errShort says that a message came in another size than it was sent in.
var errShort = errors.New("a message came in another size than it was sent in")
