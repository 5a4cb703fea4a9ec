package actor

import (
	"os"
	"testing"

	"ipclab/internal/ownipc"
)

// TestMain runs the tests with System V objects of their own: some count all that
// there are, and other tests make some, too.
func TestMain(m *testing.M) { os.Exit(ownipc.Main(m.Run)) }
