package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/kit/errs"
)

// errLine is any line that is no whole, self-consistent entry.
var errLine = errors.New("not a whole entry")

// parseLine reads one line without its line feed and checks it against its own hash.
func parseLine(b []byte) (line, error) {
	var l line
	if len(b) < tailSize || !bytes.HasPrefix(b[len(b)-tailSize:], []byte(hashMark)) {
		return l, errLine
	}
	if err := json.Unmarshal(b, &l, json.RejectUnknownMembers(true)); err != nil || l.V != lineVersion {
		return l, errLine
	}
	sum := sha256.Sum256(b[:len(b)-tailSize])
	if l.Hash != hex.EncodeToString(sum[:]) {
		return l, errLine
	}
	return l, nil
}

// segment is what reading one file gave.
type segment struct {
	good   int64 // bytes of the whole entries in front of the first bad one
	last   head  // of the last of them
	tail   tail  // what follows them
	starts bool  // its first entry opens a segment
	first  line
}

// tail is what follows the whole entries of a file: nothing, an incomplete line as a
// killed process leaves it, or damage: a whole line that is no entry.
type tail struct {
	bytes  int64
	hash   string // hex SHA-256
	damage bool
}

// readSegment reads entries in order and calls each with them and the number of
// their line. It stops giving entries at the first line that is none, and reads on
// only to tell an incomplete last line from damage.
func readSegment(r io.Reader, each func(n int, l *line)) (segment, error) {
	var s segment
	br := bufio.NewReaderSize(r, maxLine)
	sum := sha256.New()
	bad := false
	for n := 1; ; n++ {
		b, err := br.ReadSlice('\n')
		if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
			return s, err
		}
		if len(b) == 0 {
			break
		}
		var l line
		parsed := errLine
		if b[len(b)-1] == '\n' {
			l, parsed = parseLine(b[:len(b)-1])
		}
		switch {
		case parsed != nil || bad:
			bad = true
			s.tail.damage = s.tail.damage || b[len(b)-1] == '\n'
			s.tail.bytes += int64(len(b))
			sum.Write(b)
		default:
			if s.good == 0 {
				s.first, s.starts = l, l.Action == actionStart
			}
			s.good += int64(len(b))
			s.last = head{n: l.N, hash: l.Hash}
			each(n, &l)
		}
		if err == io.EOF {
			break
		}
	}
	if s.tail.bytes > 0 {
		s.tail.hash = hex.EncodeToString(sum.Sum(nil))
	}
	return s, nil
}

// Fault is one thing that is wrong with a chain.
type Fault struct {
	Segment string // file name
	Line    int    // from 1; 0 when the fault is the file's
	Code    string // altered, missing, reordered, damaged, cut
	What    string
}

// Report is what Verify found.
type Report struct {
	Segments int
	Entries  uint64
	Head     string  // hash of the last whole entry
	N        uint64  // its number
	Torn     int     // incomplete last lines that a killed process left; no fault
	Faults   []Fault // altered, missing or reordered entries
}

// Sound reports whether nothing is wrong.
func (r *Report) Sound() bool { return len(r.Faults) == 0 }

func (r *Report) fault(segment string, line int, code, format string, args ...any) {
	r.Faults = append(r.Faults, Fault{Segment: segment, Line: line, Code: code, What: fmt.Sprintf(format, args...)})
}

// Verify reads the chain in dir and reports every altered, missing or reordered
// entry up to the chain's end. An end that was cut off shows only against the head
// that is kept elsewhere: see Log.Verify. A chain may be verified while it grows.
// It fails with code audit_folder where a file cannot be read.
func Verify(dir string) (Report, error) {
	v, err := verify(dir, head{})
	return v, err
}

// verify also demands that entry kept.n, when it is not 0, has the hash kept.hash.
func verify(dir string, kept head) (Report, error) {
	var r Report
	files, err := segments(dir)
	if err != nil {
		return r, err
	}
	var (
		chain string
		prior segment
		seen  = kept.n == 0
		at    = head{hash: originHash}
	)
	for i, name := range files {
		s, err := readFile(filepath.Join(dir, name), func(n int, l *line) {
			r.Entries++
			switch {
			case l.Previous != at.hash && l.N > at.n+1:
				r.fault(name, n, "missing", "entries %d to %d are missing", at.n+1, l.N-1)
			case l.Previous != at.hash && l.N <= at.n:
				r.fault(name, n, "reordered", "entry %d stands after entry %d", l.N, at.n)
			case l.Previous != at.hash || l.N != at.n+1:
				r.fault(name, n, "altered", "entry %d does not follow from the entry before it", l.N)
			}
			if (l.Action == actionStart) != (n == 1) {
				r.fault(name, n, "missing", "a segment begins with its opening entry, and has no other")
			}
			if l.Action == actionCut {
				r.fault(name, n, "cut", "entries had been removed before entry %d: %s", l.N, l.What)
			}
			if l.N == kept.n {
				seen = true
				if l.Hash != kept.hash {
					r.fault(name, n, "altered", "entry %d is not the one whose hash was kept", l.N)
				}
			}
			at = head{n: l.N, hash: l.Hash}
		})
		if err != nil {
			return r, err
		}
		r.Segments++
		if number := segmentNumber(name); number != i+1 || s.starts && s.first.Segment != number {
			r.fault(name, 0, "missing", "the file is out of its place: segment %d is expected here", i+1)
		}
		if s.starts {
			if chain != "" && s.first.Chain != chain {
				r.fault(name, 1, "altered", "the segment belongs to another chain")
			}
			chain = s.first.Chain
			if i > 0 && (s.first.TornBytes != prior.tail.bytes || s.first.TornHash != prior.tail.hash) {
				r.fault(files[i-1], 0, "altered", "the end of the file is not what the next segment found there")
			}
		}
		switch {
		case s.tail.damage:
			r.fault(name, 0, "damaged", "what follows entry %d is no entry of this chain", s.last.n)
		case s.good == 0 && i < len(files)-1 && s.tail.bytes == 0:
			r.fault(name, 0, "missing", "the segment is empty, but another follows it")
		case s.tail.bytes > 0:
			r.Torn++
		}
		prior = s
	}
	if !seen {
		r.fault("", 0, "cut", "the chain ends at entry %d, but had reached entry %d", at.n, kept.n)
	}
	r.Head, r.N = at.hash, at.n
	return r, nil
}

func readFile(path string, each func(n int, l *line)) (segment, error) {
	f, err := os.Open(path)
	if err != nil {
		return segment{}, folderError(err)
	}
	defer func() { _ = f.Close() }() // only read
	s, err := readSegment(f, each)
	if err != nil {
		return s, folderError(err)
	}
	return s, nil
}

func folderError(err error) error {
	return errs.Wrap(CodeFolder, "reading the audit chain", err).Fix("make the audit folder readable and writable by the user that runs Kith")
}

// segments lists the segment files of dir by number.
func segments(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, folderError(err)
	}
	var names []string
	for _, e := range entries {
		if segmentNumber(e.Name()) > 0 {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return segmentNumber(a) - segmentNumber(b) })
	return names, nil
}

func segmentName(n int) string { return fmt.Sprintf("%s%08d%s", filePrefix, n, fileSuffix) }

// segmentNumber is 0 for a name that is no segment's.
func segmentNumber(name string) int {
	digits, ok := strings.CutPrefix(name, filePrefix)
	digits, ok2 := strings.CutSuffix(digits, fileSuffix)
	n, err := strconv.Atoi(digits)
	if !ok || !ok2 || err != nil || n < 1 || segmentName(n) != name {
		return 0
	}
	return n
}
