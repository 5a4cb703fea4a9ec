package scenarios

import "testing"

func TestLibraryLoads(t *testing.T) {
	if all := Library().All(); len(all) == 0 {
		t.Error("the library is empty")
	}
}
