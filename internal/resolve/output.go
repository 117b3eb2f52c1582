package resolve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kithdata/kith/internal/kit/errs"
)

// output is a file that a result goes to: written beside its place, and put there once
// all results are whole.
type output struct {
	flag   string
	path   string   // as it was given
	target string   // behind links
	file   *os.File // nil once it is in its place
}

// outputs are the files that a resolution writes.
type outputs struct{ out, pairs, golden, snapshot *output }

func (o outputs) all() []*output {
	var all []*output
	for _, each := range []*output{o.out, o.pairs, o.golden, o.snapshot} {
		if each != nil {
			all = append(all, each)
		}
	}
	return all
}

// openOutputs sees, before anything is read, that each result can be written, and
// reports all faults at once. Its caller discards them, in the end.
func openOutputs(c Config) (o outputs, err error) {
	var faults []error
	open := func(to **output, flag, path string, mode fs.FileMode) {
		if path == "" {
			return
		}
		if format(path) == "" && flag != "--snapshot" {
			faults = append(faults, badOutput("the ending names no format that is written", flag, "end the file's name in .csv, .tsv, .ndjson or .parquet"))
			return
		}
		made, err := openOutput(c, flag, path, mode)
		for _, other := range o.all() {
			if err == nil && other.target == made.target {
				err = badOutput("another result goes to the same file", flag, "give each its own name")
			}
		}
		if err != nil {
			faults = append(faults, err)
			made.discard()
			return
		}
		*to = made
	}
	open(&o.out, "--out", c.Out, 0o666)
	open(&o.pairs, "--pairs", c.Pairs, 0o666)
	open(&o.golden, "--golden", c.Golden, 0o600) // it has what the records say
	open(&o.snapshot, "--snapshot", c.Snapshot, 0o600)
	if len(faults) > 0 {
		o.discard()
		return outputs{}, errors.Join(faults...)
	}
	return o, nil
}

func badOutput(what, at, mend string) error { return errs.New("resolve_out", what).At(at).Fix(mend) }

func openOutput(c Config, flag, path string, mode fs.FileMode) (*output, error) {
	o := &output{flag: flag, path: path, target: path}
	at := flag + " " + path
	if there, err := filepath.EvalSymlinks(path); err == nil {
		o.target = there
	}
	target, err := filepath.Abs(o.target)
	if err != nil {
		return o, err
	}
	o.target = target
	info, err := os.Stat(target)
	switch {
	case err == nil && info.IsDir():
		return o, badOutput("it is a folder", at, "name a file in it")
	case err == nil && !info.Mode().IsRegular():
		return o, badOutput("it is a pipe or a device, and no file", at, "name a file")
	case err == nil && c.reads(info):
		return o, badOutput("it is one of the files that are read", at, "give the result a name of its own")
	}
	o.file, err = createBeside(target, mode)
	if err == nil && info != nil { // what is replaced keeps who may read it
		err = o.file.Chmod(info.Mode().Perm())
	}
	if err != nil {
		return o, errs.Wrap("resolve_out", "the result cannot be written", bare(err)).At(at).Fix("name a folder that exists and may be written to")
	}
	return o, nil
}

// reads reports whether a file is among those that are read.
func (c Config) reads(info fs.FileInfo) bool {
	for _, path := range append([]string{c.Decisions, c.Rules, c.Labels}, c.Files...) {
		if in, err := os.Stat(path); err == nil && os.SameFile(in, info) {
			return true
		}
	}
	return false
}

// createBeside makes a file with a name of its own in the folder of path.
func createBeside(path string, mode fs.FileMode) (*os.File, error) {
	for n := 0; ; n++ {
		name := fmt.Sprintf(".kith-resolve-%d-%d", os.Getpid(), n)
		f, err := os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
		if !errors.Is(err, fs.ErrExist) || n > 10_000 {
			return f, err
		}
	}
}

// bare is what went wrong, without the name of a file that the user never named.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// placed writes a file that is there whole, or not at all, and that is none of those that
// c has read.
func placed(c Config, flag, path string, write func(io.Writer) error) error {
	o, err := openOutput(c, flag, path, 0o666)
	if err != nil {
		return err
	}
	all := outputs{out: o}
	defer all.discard()
	if err := o.fill(write); err != nil {
		return err
	}
	return all.place()
}

// write has fill write the rows, all of them, but does not yet put the file in its place.
func (o *output) write(columns []column, fill func(sheet) error) error {
	return o.fill(func(w io.Writer) error {
		s, err := newSheet(w, format(o.path), columns)
		if err == nil {
			err = fill(s)
		}
		if err == nil {
			err = s.close()
		}
		return err
	})
}

func (o *output) fill(write func(io.Writer) error) error {
	b := bufio.NewWriterSize(o.file, 1<<16)
	err := write(b)
	if err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = o.file.Close()
	}
	return o.fault(err)
}

// place puts the files, which are whole, in their places.
func (o outputs) place() error {
	for _, each := range o.all() {
		if err := os.Rename(each.file.Name(), each.target); err != nil {
			return each.fault(err)
		}
		each.file = nil
	}
	return nil
}

// fault tells which result could not be written. What ended the work is no such fault.
func (o *output) fault(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errs.Wrap("resolve_out", "writing the result", bare(err)).At(o.flag + " " + o.path).Fix("see that the disk has room, and run it again")
}

// discard leaves nothing behind of what was not put in its place.
func (o *output) discard() {
	if o.file == nil {
		return
	}
	_ = o.file.Close() // it is thrown away
	_ = os.Remove(o.file.Name())
	o.file = nil
}

func (o outputs) discard() {
	for _, each := range o.all() {
		each.discard()
	}
}
