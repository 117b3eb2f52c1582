// Package clock is the only way in which doors read the time. Nothing behind the
// log has one. It imports only the standard library.
package clock

import "time"

// Clock tells the time.
type Clock interface{ Now() time.Time }

// System is the machine's clock.
type System struct{}

// Now gives the machine's time.
func (System) Now() time.Time { return time.Now() }

// Fixed is a clock that stands still, for tests.
type Fixed time.Time

// Now gives the fixed moment.
func (f Fixed) Now() time.Time { return time.Time(f) }

// Micros is t as microseconds since 1970 UTC, the unit of every stored time.
func Micros(t time.Time) int64 { return t.UnixMicro() }
