package demo

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress shows what goes on: a bar on a terminal, a line now and then elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	last     time.Duration
	open     bool // a line is begun on the terminal
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			p.terminal = info.Mode()&os.ModeCharDevice != 0
		}
	}
	return p
}

func (p *progress) say(format string, args ...any) {
	p.end()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// note replaces the line on a terminal; elsewhere it says nothing.
func (p *progress) note(format string, args ...any) {
	if p.terminal {
		fmt.Fprintf(p.w, "\r\033[K"+format, args...)
		p.open = true
	}
}

func (p *progress) bar(done, total uint64, elapsed time.Duration) {
	share := min(float64(done)/float64(max(total, 1)), 1)
	rate := float64(done) / max(elapsed.Seconds(), 0.001)
	if p.terminal {
		const width = 36
		full := int(share * width)
		fmt.Fprintf(p.w, "\r\033[K\033[36m%s\033[2m%s\033[0m %3.0f%%  %s records  %s/s",
			strings.Repeat("█", full), strings.Repeat("░", width-full), share*100, grouped(int64(done)), grouped(int64(rate)))
		p.open = true
		return
	}
	if elapsed-p.last >= 5*time.Second {
		p.last = elapsed
		fmt.Fprintf(p.w, "%3.0f%%  %s records  %s/s\n", share*100, grouped(int64(done)), grouped(int64(rate)))
	}
}

func (p *progress) end() {
	if p.open {
		fmt.Fprint(p.w, "\r\033[K")
		p.open = false
	}
}

// grouped writes a count as people read it: 1,234,567.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
