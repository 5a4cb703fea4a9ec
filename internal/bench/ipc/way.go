package main

import (
	"context"
	"errors"
	"os"
)

// way is one way to carry messages from one process to another.
type way struct {
	name string
	// lay makes what both ends share, in the process that starts them.
	lay func(trial) (*cable, error)
	// The two open an end of a cable in a process of its own.
	sender   func(context.Context, plug) (sender, error)
	receiver func(context.Context, plug) (receiver, error)
}

// cable is what the two ends of a way share.
type cable struct {
	sender, receiver *os.File // what the two inherit; may be nil
	word             string   // what both are told
	remove           func() error
}

// Close closes the files, and removes what would outlive the processes.
func (c *cable) Close() error {
	c.unplug()
	if c.remove == nil {
		return nil
	}
	return c.remove()
}

// unplug closes the files, which the processes have by now.
func (c *cable) unplug() {
	for _, f := range []*os.File{c.sender, c.receiver} {
		if f != nil {
			f.Close()
		}
	}
}

// plug is a cable's end as its process gets it.
type plug struct {
	trial
	file *os.File
	word string
	work *work
}

// sender is the sending end. After send, the last of the messages is on its way
// without another call.
type sender interface {
	send(messages int) error
	Close() error
}

// receiver is the receiving end.
type receiver interface {
	receive(messages int) error
	Close() error
}

// ways are all ways under measure.
func ways() []way {
	return []way{
		{name: "pipe", lay: layPipe, sender: fileSender, receiver: fileReceiver},
		{name: "bufio", lay: layPipe, sender: bufferedSender, receiver: bufferedReceiver},
		{name: "stream", lay: layStream, sender: connSender, receiver: connReceiver},
		{name: "blocking stream", lay: layStream, sender: fileSender, receiver: fileReceiver},
		{name: "stream in pieces", lay: layStream, sender: pieceSender, receiver: pieceReceiver},
		{name: "seqpacket", lay: laySeqpacket, sender: pieceSender, receiver: pieceReceiver},
		{name: "shmipc", lay: layShmipc, sender: shmipcSender, receiver: shmipcReceiver},
		{name: "shmipc in place", lay: layShmipc, sender: shmipcPlaceSender, receiver: shmipcPlaceReceiver},
		{name: "memcpy", lay: layMemcpy, sender: memcpySender, receiver: memcpyReceiver},
		{name: "strict", lay: layStrict, sender: sipcSender, receiver: sipcReceiver},
		{name: "pipelined", lay: layPipelined, sender: sipcSender, receiver: sipcReceiver},
		{name: "in place", lay: layPipelined, sender: placeSender, receiver: placeReceiver},
		{name: "fifo", lay: layFIFO, sender: fifoSender, receiver: fifoReceiver},
		{name: "datagram", lay: layDatagram, sender: fileSender, receiver: fileReceiver},
		{name: "msgq", lay: layQueue, sender: queueSender, receiver: queueReceiver},
		{name: "shm", lay: laySegment, sender: turnsSender, receiver: turnsReceiver},
		{name: "posix-mq", lay: layMessages, sender: messagesSender, receiver: messagesReceiver},
		{name: "posix-shm", lay: layMapping, sender: mappingSender, receiver: mappingReceiver},
		{name: "packed", lay: layPipelined, sender: packedSender, receiver: packedReceiver},
	}
}

// findWay finds a way by its name.
func findWay(name string) (way, error) {
	for _, w := range ways() {
		if w.name == name {
			return w, nil
		}
	}
	return way{}, errors.New("no way is called " + name)
}

// private is a message's memory in one process, all of it touched.
func private(size int) []byte {
	p := make([]byte, size)
	fill(p, 1)
	return p
}
