package api

import (
	"io"
	"time"

	"github.com/hashicorp/yamux"
)

// Greeting begins the first line that the host sends after it has connected;
// a nonce of its choice follows. The agent repeats the line, and both sides
// throw away everything before it: bytes of a connection that broke, or of the
// snapshot that this clone was made from.
const Greeting = "IPCLAB1 "

// MuxConfig is the stream multiplexer's configuration, the same at both ends.
// There is no keep-alive: a paused guest is not a dead one.
func MuxConfig() *yamux.Config {
	c := yamux.DefaultConfig()
	c.EnableKeepAlive = false
	c.ConnectionWriteTimeout = time.Minute
	c.StreamOpenTimeout = 0
	c.StreamCloseTimeout = 0
	c.LogOutput = io.Discard
	return c
}
