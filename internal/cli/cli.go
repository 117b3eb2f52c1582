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
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/kit/errs"
)

// The exit codes.
const (
	ExitOK      = 0
	ExitFault   = 1
	ExitUsage   = 2
	ExitConfig  = 3   // the project's file has faults
	ExitUnknown = 4   // what was asked for does not exist
	ExitUnsound = 5   // the ledger does not balance, the audit chain is not sound, or kith verify found a difference
	ExitDiffers = 6   // kith plan --exit-code: the file differs from what is in force
	ExitStopped = 130 // a signal ended it before it was done
	ExitRestart = 75  // the disk is full or failed: kith run starts its server again, other commands may be tried again
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

	Demo  demoCmd  `cmd:"" group:"Begin:" help:"A made-up shop with six sources and known truth: the whole road in one command."`
	Init  initCmd  `cmd:"" group:"Begin:" help:"Make a project: a commented example, or proposed from your own files."`
	Check checkCmd `cmd:"" group:"Begin:" help:"Validate a project's file: all faults at once."`
	Run   runCmd   `cmd:"" group:"Begin:" help:"Run a project: sources, road, warehouse, destinations and API."`
	Plan  planCmd  `cmd:"" group:"Begin:" help:"Show what a changed file would do, and apply it."`

	Resolve resolveCmd `cmd:"" group:"People:" help:"Find who is who in files alone: no project, no configuration, no labels."`
	Match   matchCmd   `cmd:"" group:"People:" help:"See, measure and improve how records in files are matched."`
	Profile profileCmd `cmd:"" group:"People:" help:"Read profiles."`
	Explain explainCmd `cmd:"" group:"People:" help:"Tell why two records are, or are not, one person."`
	Merge   mergeCmd   `cmd:"" group:"People:" help:"Decide that two are one person."`
	Unmerge unmergeCmd `cmd:"" group:"People:" help:"Decide that they are two."`
	Review  reviewCmd  `cmd:"" group:"People:" help:"List the links that wait for a decision."`
	SQL     sqlCmd     `cmd:"" group:"People:" name:"sql" help:"Ask the warehouse."`

	Status       statusCmd       `cmd:"" group:"The road:" help:"Show how it stands, or wait until it is caught up."`
	Ledger       ledgerCmd       `cmd:"" group:"The road:" help:"Account for every accepted record."`
	Trace        traceCmd        `cmd:"" group:"The road:" help:"Show where a message went, hop by hop."`
	Quarantine   quarantineCmd   `cmd:"" group:"The road:" help:"Look at records that were set aside, and replay them."`
	Contract     contractCmd     `cmd:"" group:"The road:" help:"Compare contracts, and check that a change breaks nobody."`
	Destinations destinationsCmd `cmd:"" group:"The road:" help:"Look at deliveries, and repeat them."`
	Verify       verifyCmd       `cmd:"" group:"The road:" help:"Replay the log into an empty folder and compare."`
	Rebuild      rebuildCmd      `cmd:"" group:"The road:" help:"Build profiles anew from the log, and swap them in."`

	Pixel    pixelCmd    `cmd:"" group:"Administration:" help:"Make the address of an e-mail's image, which tells that it was opened."`
	Keys     keysCmd     `cmd:"" group:"Administration:" help:"API keys."`
	Audit    auditCmd    `cmd:"" group:"Administration:" help:"The audit chain."`
	Generate generateCmd `cmd:"" group:"Administration:" help:"Make up records to try things with."`
	Migrate  migrateCmd  `cmd:"" group:"Administration:" name:"migrate-engine" help:"Move a project from the embedded engine to a cluster, or back."`
	Bench    benchCmd    `cmd:"" group:"Administration:" help:"Measure Kith on this machine, beside what the machine can do."`
	Schema   schemaCmd   `cmd:"" group:"Administration:" help:"Print the JSON Schema of kith.yaml, for editors."`
	Version  versionCmd  `cmd:"" group:"Administration:" help:"Print the version."`
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
	parser, err := newParser(&c, kong.Writers(surroundings.Out, surroundings.Err), kong.Exit(func(code int) { panic(exit(code)) }))
	if err != nil {
		c.IO = surroundings
		c.say("kith: %v", err)
		return ExitUsage
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(spreadFrom(args))
	c.IO, c.ctx = surroundings, ctx
	if !c.Run.Unattended { // a supervised server may be told twice: by the terminal and by its parent
		context.AfterFunc(ctx, stop) // the second signal ends what does not end at the first
	}
	if err != nil {
		return c.report(misread(err))
	}
	return c.report(parsed.Run(&c.Globals))
}

func newParser(c *commands, more ...kong.Option) (*kong.Kong, error) {
	return kong.New(c, append([]kong.Option{kong.Name("kith"), kong.Description("One live, trustworthy profile per person, from all your customer records."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100})}, more...)...)
}

// usage is a fault of the command line.
type usage string

func (u usage) Error() string { return string(u) }

// configFault marks faults of the project's file.
type configFault struct{ error }

func (f configFault) Unwrap() error { return f.error }

// misread tells what is wrong with a command line, but not an argument that may be
// personal data (I6): only one that is nearly a command's name.
func misread(err error) usage {
	text := err.Error()
	if strings.HasPrefix(text, "unexpected argument ") && !strings.Contains(text, "did you mean") {
		return "there is an argument that is not expected"
	}
	return usage(text)
}

// finish closes a connection, and tells that fault too.
func finish(err *error, done func() error) { *err = errors.Join(*err, done()) }

// told is a fault as it is printed for machines.
type told struct {
	Code    string `json:"code"`
	Where   string `json:"where,omitempty"`
	Message string `json:"message"`
	Mend    string `json:"mend,omitempty"`
}

func tell(err error) told {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		return told{Code: "failed", Message: err.Error()}
	}
	bare := errs.Error{Code: e.Code, Doing: e.Doing, What: e.What, Cause: e.Cause}
	return told{Code: string(e.Code), Where: e.Where, Message: strings.TrimSuffix(bare.Error(), " ["+string(e.Code)+"]"), Mend: e.Mend}
}

// faultsOf gives each of several faults that were joined.
func faultsOf(err error) []error {
	if f, ok := err.(configFault); ok {
		err = f.error
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, each := range joined.Unwrap() {
		all = append(all, faultsOf(each)...)
	}
	return all
}

// report prints a fault, or each of several, and gives the exit code.
func (g *Globals) report(err error) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, context.Canceled) && g.ctx.Err() != nil:
		return ExitStopped
	}
	if code, ok := errors.AsType[exitCode](err); ok {
		return int(code) // what is wrong was said
	}
	for _, f := range faultsOf(err) {
		if g.JSON {
			if line, err := json.Marshal(tell(f)); err == nil {
				g.say("%s", line)
			}
			continue
		}
		g.say("kith: %v", f)
	}
	return g.code(err)
}

func (g *Globals) code(err error) int {
	code := string(errs.CodeOf(err))
	if _, ok := errors.AsType[usage](err); ok {
		if !g.JSON {
			g.say("Run kith --help, or kith COMMAND --help.")
		}
		return ExitUsage
	}
	if _, ok := errors.AsType[configFault](err); ok {
		return ExitConfig
	}
	switch {
	case errs.Is(err, "engine_failed"), errs.Is(err, "engine_unavailable"), errs.Is(err, "disk_full"), errors.Is(err, syscall.ENOSPC):
		return ExitRestart
	case code == string(codeRef), code == "bad_place":
		return ExitUsage
	case strings.HasSuffix(code, "_unknown"), code == "profile_gone":
		return ExitUnknown
	}
	return ExitFault
}

// say writes a line to standard error. Where even that fails, nobody can be told.
func (g *Globals) say(format string, args ...any) {
	_, _ = fmt.Fprintf(g.Err, format+"\n", args...)
}

// logger logs to standard error: everything when verbose, else from a level up.
func (g *Globals) logger(least slog.Level) *slog.Logger {
	if g.Verbose {
		least = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(g.Err, &slog.HandlerOptions{Level: least}))
}
