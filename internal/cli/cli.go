// Package cli is what people type. Every command speaks to a project through its
// HTTP API: to the server where one runs, else to the same handlers within this
// process.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/kithdata/kith/internal/kit/errs"
)

// The exit codes.
const (
	ExitOK      = 0
	ExitFault   = 1
	ExitUsage   = 2
	ExitConfig  = 3  // the project's file has faults
	ExitRestart = 75 // the data folder must be reopened: a supervisor starts Kith again
)

// IO is a command's surroundings.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	Version  string
	Env      func(name string) (string, bool)
}

// Globals are the flags of every command, and its surroundings.
type Globals struct {
	Project string `short:"p" default:"." placeholder:"DIR" help:"Project folder or file."`
	JSON    bool   `help:"Print JSON, for machines."`
	Verbose bool   `short:"v" help:"Log what happens to standard error."`

	IO  `kong:"-"`
	ctx context.Context
}

type commands struct {
	Globals

	Demo demoCmd `cmd:"" help:"A made-up shop with six sources and known truth: the whole road in one command."`
	Run  runCmd  `cmd:"" help:"Run a project: sources, road, warehouse, destinations and API."`

	Version versionCmd `cmd:"" help:"Print the version."`
}

type versionCmd struct{}

func (versionCmd) Run(g *Globals) error {
	_, err := fmt.Fprintln(g.Out, "kith", g.IO.Version)
	return err
}

// exit is how kong asks to end: after help was shown.
type exit int

// Main runs one command line and gives the exit code.
func Main(args []string, surroundings IO) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(exit)
			if !ok {
				panic(p)
			}
			code = int(e)
		}
	}()
	parser, err := kong.New(&c, kong.Name("kith"), kong.Description("One live, trustworthy profile per person, from all your customer records."),
		kong.UsageOnError(), kong.Writers(surroundings.Out, surroundings.Err), kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(surroundings.Err, err)
		return ExitUsage
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(surroundings.Err, "kith:", err)
		fmt.Fprintln(surroundings.Err, "Run kith --help, or kith COMMAND --help.")
		return ExitUsage
	}
	c.IO, c.ctx = surroundings, ctx
	err = parsed.Run(&c.Globals)
	return report(surroundings.Err, err)
}

// configFault marks faults of the project's file.
type configFault struct{ error }

func (f configFault) Unwrap() error { return f.error }

// report prints a fault, or each of several, and gives the exit code.
func report(w io.Writer, err error) int {
	if err == nil || errors.Is(err, context.Canceled) {
		return ExitOK
	}
	if code, ok := errors.AsType[exitCode](err); ok {
		return int(code) // the child has said why
	}
	faults := []error{err}
	if joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		faults = joined.Unwrap()
	}
	for _, f := range faults {
		fmt.Fprintln(w, "kith:", f)
	}
	if _, ok := errors.AsType[configFault](err); ok {
		return ExitConfig
	}
	if errs.Is(err, "engine_failed") {
		return ExitRestart
	}
	return ExitFault
}

// logger logs to standard error: everything when verbose, else from a level up.
func (g *Globals) logger(least slog.Level) *slog.Logger {
	if g.Verbose {
		least = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(g.Err, &slog.HandlerOptions{Level: least}))
}
