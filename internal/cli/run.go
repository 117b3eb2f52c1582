package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
)

// load reads the project's file; its faults end with ExitConfig.
func (g *Globals) load() (*config.Tree, error) {
	tree, err := config.Load(g.Project, g.Env)
	if err != nil {
		return nil, configFault{err}
	}
	return tree, nil
}

type runCmd struct {
	Apply      bool `help:"Apply the file's rules where they differ from those in force."`
	Unattended bool `hidden:"" help:"Do not supervise: end with code 75 where a restart is needed."`
}

func (runCmd) Help() string {
	return `Example: kith run --project shop

Kith serves on 127.0.0.1:8471 unless the file says otherwise, and stops on Ctrl-C.
Where a write to the disk fails for good, it starts itself anew: what was
acknowledged is on disk.`
}

func (c runCmd) Run(g *Globals) error {
	if c.Unattended {
		return c.serve(g)
	}
	return c.supervise(g)
}

func (c runCmd) serve(g *Globals) error {
	tree, err := g.load()
	if err != nil {
		return err
	}
	onTerminal, screen := terminal(g.Err), g.reading()
	defer func(w io.Writer) { g.Err = w }(g.Err)
	g.Err = screen
	var a *app.App
	err = whileInUse(g.ctx, func() (err error) {
		if other, err := running(g.ctx, tree); other != nil || err != nil {
			return errors.Join(err, errs.New(codeRuns, "the project runs already").At(tree.Path).Fix("stop the other kith run first; kith status tells how it stands"))
		}
		a, err = app.Open(g.ctx, tree, app.Options{Version: g.IO.Version, Logger: g.logger(slog.LevelInfo), ApplyRules: c.Apply,
			Load: func() (*config.Tree, error) { return config.Load(g.Project, g.Env) }})
		return err
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(g.ctx)
	told := make(chan struct{})
	go func() {
		defer close(told)
		select {
		case <-a.Listening():
			local, _ := app.ReadLocal(tree.Data)
			g.say("kith: %s serves at %s; press Ctrl-C to stop", tree.Name, reachable(local.Address))
			if onTerminal {
				g.say("kith: in another terminal, kith -p %s status tells how far it has come", g.Project)
			}
			screen.follow(ctx, a.Sources)
		case <-ctx.Done():
		}
	}()
	err = a.Run(ctx)
	cancel()
	<-told
	return errors.Join(err, a.Close())
}

// supervise runs the server as a child process, which dies with this one, and
// starts it again when it asks for that.
func (c runCmd) supervise(g *Globals) error {
	if _, err := g.load(); err != nil { // told at once, by this process
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return c.serve(g)
	}
	args := []string{"run", "--unattended", "--project", g.Project}
	if c.Apply {
		args = append(args, "--apply")
	}
	if g.Verbose {
		args = append(args, "--verbose")
	}
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		began := time.Now()
		code, err := child(g, self, args)
		if err != nil {
			return err
		}
		if code != ExitRestart || g.ctx.Err() != nil {
			if code == killed {
				g.say("kith: the server was killed, or crashed; what was acknowledged is on disk: start kith run again")
			}
			if code != ExitOK {
				return exitCode(code)
			}
			return nil
		}
		if time.Since(began) > 5*time.Minute {
			pause = time.Second
		}
		g.say("kith: starting again in %s", pause)
		select {
		case <-time.After(pause):
		case <-g.ctx.Done():
			return nil
		}
	}
}

// killed is the exit code of a child that a signal or a crash ended.
const killed = 128

// exitCode ends this process as its child ended; the child has said why.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("the server ended with code %d", int(e)) }

func child(g *Globals, self string, args []string) (int, error) {
	// The child gets the signals of a terminal itself; those sent to this process
	// alone are passed on when the context ends.
	cmd := exec.CommandContext(context.WithoutCancel(g.ctx), self, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, g.Out, g.Err
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return codeOf(err)
	case <-g.ctx.Done():
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
		return codeOf(<-ended)
	}
}

func codeOf(err error) (int, error) {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		// Go ends with 2 after a panic, and where a library aborted. The server was given
		// a command line that this process made, so it cannot mean that; told as it is,
		// a service manager would not start Kith again.
		if exit.ExitCode() < 0 || exit.ExitCode() == ExitUsage {
			return killed, nil
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}
