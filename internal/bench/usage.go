package bench

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// resident is how much memory of this process is in RAM, in bytes; 0 on a system
// without /proc.
func resident() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}

// goHeap is the memory of live and not yet swept objects of Go, in bytes.
func goHeap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// peak watches the greatest resident memory and heap until stop.
type peak struct {
	resident, heap atomic.Uint64
	stop           func() // may be called more than once
}

func watchPeak() *peak {
	p := &peak{}
	quit, ended := make(chan struct{}), make(chan struct{})
	p.stop = sync.OnceFunc(func() {
		close(quit)
		<-ended
	})
	go func() {
		defer close(ended)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			p.resident.Store(max(p.resident.Load(), resident()))
			p.heap.Store(max(p.heap.Load(), goHeap()))
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	}()
	return p
}

// bytesIn sums the files below a folder.
func bytesIn(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return nil //nolint:nilerr // compacted away between the two looks
		}
		n += info.Size()
		return nil
	})
	return n, err
}

const mebibyte = 1 << 20
