// Kith turns scattered customer records into one live profile per person.
package main

import (
	"os"

	"github.com/kithdata/kith/internal/cli"
)

// version is set when a release is built.
var version = "dev"

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Version: version, Env: os.LookupEnv}))
}
