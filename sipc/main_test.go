package sipc

import (
	"os"
	"testing"

	"ipclab/internal/ownipc"
)

// TestMain has the tests leave nothing on the computer, even when they are killed.
func TestMain(m *testing.M) { os.Exit(ownipc.Main(m.Run)) }
