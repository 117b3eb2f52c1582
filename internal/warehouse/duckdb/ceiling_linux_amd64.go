package duckdb

/*
#cgo LDFLAGS: -Wl,--wrap=duckdb_je_malloc -Wl,--wrap=duckdb_je_realloc -Wl,--wrap=duckdb_je_free -Wl,--wrap=_Znwm
#include "ceiling_linux_amd64.h"
*/
import "C"

// raiseCeiling lets all of DuckDB in this process together hold by more bytes, or
// fewer, in large blocks. While nobody has raised it there is no ceiling.
func raiseCeiling(by int64) { C.kith_raise_ceiling(C.longlong(by)) }

// heldBytes is what DuckDB holds in large blocks.
func heldBytes() int64 { return int64(C.kith_held()) }
