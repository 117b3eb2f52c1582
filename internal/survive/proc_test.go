//go:build integration

package survive

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// stat gives the fields of /proc/PID/stat after the name: state, parent, group, …
func stat(pid int) []string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

// alive reports whether a process runs; a zombie does not.
func alive(pid int) bool {
	f := stat(pid)
	return len(f) > 2 && f[0] != "Z" && f[0] != "X"
}

func child(pid, parent int) bool {
	f := stat(pid)
	return len(f) > 2 && f[1] == strconv.Itoa(parent)
}

// members lists the live processes of a group.
func members(group int) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if f := stat(pid); len(f) > 2 && f[0] != "Z" && f[0] != "X" && f[2] == strconv.Itoa(group) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// peak is the most memory that the server ever had resident, in MiB.
func (p *project) peak() int {
	p.t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/status")
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				p.t.Fatal(err)
			}
			return kib >> 10
		}
	}
	p.t.Fatal("/proc tells no VmHWM")
	return 0
}

// processor is the processor time that the server has used, in seconds.
func (p *project) processor() float64 {
	p.t.Helper()
	f := stat(p.pid)
	if len(f) < 13 {
		p.t.Fatal("/proc tells no processor time")
	}
	ticks := 0 // of 10 ms: what Linux shows, on every machine
	for _, field := range f[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			p.t.Fatal(err)
		}
		ticks += n
	}
	return float64(ticks) / 100
}
