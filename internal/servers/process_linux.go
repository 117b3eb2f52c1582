package servers

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	kill    = syscall.SIGKILL
	pause   = syscall.SIGSTOP
	resume  = syscall.SIGCONT
	end     = syscall.SIGTERM
	endFast = syscall.SIGINT // PostgreSQL's fast shutdown
)

// loopback is an address of the loopback network that is most likely ours alone. On
// 127.0.0.1 the port of a server that is down could be taken by anybody's outgoing
// connection; those never come from here.
func loopback() string {
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
}

// account is who a server runs as, where that is not us.
type account struct{ uid, gid uint32 }

// unprivileged is an account for a server that refuses to run as root; nil when we are not root.
func unprivileged() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		if who, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("PostgreSQL does not run as root, and there is nobody else: %w", err)
		}
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &account{uid: uint32(uid), gid: uint32(gid)}, nil
}

// own gives the account a folder of its own, and lets it pass through the temporary
// folders on the way there, which a test's are closed to others.
func (a *account) own(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if a == nil {
		return nil
	}
	temp := filepath.Clean(os.TempDir()) + string(filepath.Separator)
	for up := filepath.Dir(dir); strings.HasPrefix(up, temp); up = filepath.Dir(up) {
		info, err := os.Stat(up)
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o001 == 0 {
			if err := os.Chmod(up, mode|0o011); err != nil {
				return err
			}
		}
	}
	return a.has(dir)
}

// has gives the account a file.
func (a *account) has(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// launch starts cmd on a side of a link, or here where that is nil, as an account, or
// as us. What it writes is added to the file log.
func launch(cmd *exec.Cmd, side *Side, as *account, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true // an interrupt at the terminal is for us to act upon
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: as.uid, Gid: as.gid}
	}
	p := &process{name: filepath.Base(cmd.Path), log: log, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The kernel sends the signal of the parent's death when the thread that forked
		// ends. So this one waits for the process, and is never given back: with the
		// goroutine it ends as well, and with it the namespace that it entered.
		runtime.LockOSThread()
		defer close(p.done)
		err := side.enter()
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	return p, nil
}

// signal sends a signal to p alone.
func (p *process) signal(s syscall.Signal) error {
	if !p.alive() {
		return fmt.Errorf("%s is not running", p.name)
	}
	return syscall.Kill(p.pid, s)
}

// signalAll sends a signal to p and to its children, which may have left its process
// group, as PostgreSQL's do. p stands still meanwhile, so that it neither starts more
// nor sees them die.
func (p *process) signalAll(s syscall.Signal) error {
	if err := p.signal(pause); err != nil {
		return err
	}
	until(func() bool { state, _ := stat(p.pid); return state == "T" || !running(p.pid) })
	below, err := children(p.pid)
	if err != nil {
		return err
	}
	for _, pid := range below {
		if err := syscall.Kill(pid, s); err != nil && err != syscall.ESRCH { // it may have ended
			return err
		}
	}
	if err := p.signal(s); err != nil {
		return err
	}
	if s != kill {
		return nil
	}
	<-p.done
	for _, pid := range below { // their memory is shared: the next server wants it let go
		until(func() bool { return !running(pid) })
	}
	return nil
}

// until waits for what the kernel is about to do.
func until(done func() bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		<-tick.C
	}
}

// children gives the processes that a process started.
func children(parent int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var below []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if _, above := stat(pid); above == parent {
			below = append(below, pid)
		}
	}
	return below, nil
}

// running reports whether a process is there and not dead; its new parent may be slow
// to bury it.
func running(pid int) bool {
	state, _ := stat(pid)
	return state != "" && state != "Z" && state != "X"
}

// stat gives a process's state and parent, or nothing when it is gone (proc_pid_stat(5)).
func stat(pid int) (state string, parent int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	_, after, _ := strings.Cut(string(text), ") ") // the name of a program of ours holds no bracket
	fields := strings.Fields(after)
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}
