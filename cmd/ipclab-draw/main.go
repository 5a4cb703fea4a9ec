// Command ipclab-draw lays out the graphs that ipclab draws. It reads a graph in
// Graphviz's language from its standard input and writes where everything goes as
// JSON. ipclab runs it, with a TMPDIR that is nobody else's; it is no command for
// people.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"ipclab/internal/drawing/graphviz"
)

func main() {
	if err := place(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func place(in io.Reader, out io.Writer) error {
	dot, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	placement, err := graphviz.Layout{}.Place(context.Background(), string(dot))
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(placement)
}
