// Command ipclab runs labs in secure inter-process communication.
package main

import (
	"os"

	"ipclab/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
