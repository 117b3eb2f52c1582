// Package errs gives every fault that a user can meet a stable code, the place
// where it lies and the way to mend it. It imports only the standard library.
package errs

import (
	"errors"
	"strings"
)

// Code is the stable, lower_snake_case name of a fault. It is part of the public
// contract: tests, quarantine reasons and HTTP bodies carry it.
type Code string

// Error is a fault that a user can act on. It never holds personal data:
// Where names a file, line, field or setting, not its value.
type Error struct {
	Code  Code
	Doing string // what was being done, e.g. "reading exports/crm.csv"
	What  string // what is wrong, e.g. "row has 7 columns, the header has 9"
	Where string // file:line, field path or setting; empty when it has no place
	Mend  string // what to do about it
	Cause error
}

// New makes an Error with a code and what is wrong.
func New(code Code, what string) *Error { return &Error{Code: code, What: what} }

// Wrap makes an Error around cause.
func Wrap(code Code, doing string, cause error) *Error {
	return &Error{Code: code, Doing: doing, Cause: cause}
}

// At sets the place and returns the same Error.
func (e *Error) At(where string) *Error { e.Where = where; return e }

// Fix sets the way to mend it and returns the same Error.
func (e *Error) Fix(mend string) *Error { e.Mend = mend; return e }

func (e *Error) Error() string {
	var b strings.Builder
	if e.Where != "" {
		b.WriteString(e.Where)
		b.WriteString(": ")
	}
	if e.Doing != "" {
		b.WriteString(e.Doing)
		b.WriteString(": ")
	}
	b.WriteString(e.What)
	if e.Cause != nil {
		if e.What != "" {
			b.WriteString(": ")
		}
		b.WriteString(e.Cause.Error())
	}
	b.WriteString(" [")
	b.WriteString(string(e.Code))
	b.WriteString("]")
	if e.Mend != "" {
		b.WriteString("; ")
		b.WriteString(e.Mend)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// CodeOf gives the code of the first Error in err's tree, or "" when there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// Is reports whether err carries code anywhere in its tree.
func Is(err error, code Code) bool {
	if err == nil {
		return false
	}
	if e, ok := err.(*Error); ok && e.Code == code {
		return true
	}
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		return Is(u.Unwrap(), code)
	case interface{ Unwrap() []error }:
		for _, each := range u.Unwrap() {
			if Is(each, code) {
				return true
			}
		}
	}
	return false
}
